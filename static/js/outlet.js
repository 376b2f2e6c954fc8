/* The page of one outlet: live cells, curve, judgement that follows the data. */
(function () {
  "use strict";
  var bz = window.bz;
  var words = { N: "正常", F: "停运", M: "维护", S: "手工输入", D: "故障", C: "校准", T: "超量程上限", B: "通讯异常" };
  var chart = null, asked = 0;

  function share(value, low, high) {
    if (value === null) return null;
    if (low !== null && high !== null) return Math.abs(value - (high + low) / 2) / ((high - low) / 2);
    if (high !== null) return high > 0 ? value / high : null;
    return low !== null && value > 0 ? low / value : null;
  }
  function bound(text) { return text === "" ? null : Number(text); }

  /* Put a pushed value into a cell; the server's next page shows the same. */
  function fill(cell, sent) {
    var judged = cell.dataset.converted === "1" && sent.converted !== null ? sent.converted : sent.value;
    var low = bound(cell.dataset.low), high = bound(cell.dataset.high);
    var over = sent.flag === "N" && judged !== null && ((high !== null && judged > high) || (low !== null && judged < low));
    var part = share(judged, low, high);
    cell.classList.toggle("over", over);
    cell.classList.remove("stale");
    cell.dataset.at = sent.time;
    bz.$("[data-value]", cell).textContent = bz.figure(judged);
    bz.$("[data-over]", cell).hidden = !over;
    var bar = bz.$("[data-bar] i", cell);
    if (bar) {
      bar.style.width = (Math.max(0, Math.min(part || 0, 1.6)) / 1.6 * 100).toFixed(1) + "%";
      bar.classList.toggle("over", over);
      bz.$("[data-share]", cell).textContent = part === null ? "— 限值" : Math.round(part * 100) + "% 限值";
    }
    var flag = bz.$("[data-flag]", cell);
    flag.textContent = "标记 " + sent.flag + " " + (words[sent.flag] || "");
    flag.classList.toggle("strong", sent.flag !== "N");
    bz.$("[data-time]", cell).textContent = bz.clock(Date.parse(sent.time) / 1000) + ":" + sent.time.slice(17, 19);
  }
  function hear(message) {
    if (message.type !== "live.values") return;
    message.values.forEach(function (sent) {
      var cell = bz.$('#outlet-live [data-point="' + sent.point + '"]');
      if (cell) fill(cell, sent);
    });
  }
  async function gap() {
    try {
      var response = await bz.fetch(document.body.dataset.cells);
      bz.$("#outlet-live").outerHTML = await response.text();
      load();
    } catch (error) { /* the next reconnection tries again */ }
  }

  function pressed(group) { return bz.$("[aria-pressed=true]", group); }
  async function load() {
    var points = bz.$("#chart-points"), place = bz.$("#chart"), problem = bz.$("#chart-error");
    if (!points) return;
    var mine = ++asked;
    var span = pressed(bz.$("#chart-spans")).dataset.span;
    problem.hidden = true;
    try {
      var response = await bz.fetch(pressed(points).dataset.history + "?span=" + span);
      var body = await response.json();
      if (mine !== asked) return;
      show(place, body);
    } catch (error) {
      if (mine !== asked) return;
      if (chart) { chart.destroy(); chart = null; }
      problem.hidden = false;
    }
  }
  function show(place, body) {
    if (chart) chart.destroy();
    var long = body.span !== "24h";
    var unit = body.unit.replace("m3", "m³").replace("degC", "℃").replace("ug", "μg");
    var series = [];
    if (body.minutes) series.push({ label: "分钟数据", times: body.minutes.times, values: body.minutes.values, colour: "c1", width: 1.3 });
    series.push({ label: "小时均值", times: body.hours.times, values: body.hours.values, colour: long ? "c1" : "c2", width: long ? 1.6 : 1.8, stepped: !long });
    var known = series.flatMap(function (one) { return one.values; }).filter(function (v) { return v !== null; });
    bz.$("#chart-title").textContent = body.name + (long ? (body.span === "7d" ? " 7 日" : " 30 日") : " 24 小时");
    bz.$("#chart-meta").textContent = (long ? "小时均值" : "分钟数据与小时均值") + "（" + body.basis + "） " + unit;
    place.setAttribute("aria-label", body.name + (known.length ? "曲线，最高 " + bz.figure(Math.max.apply(null, known)) + "，最低 " + bz.figure(Math.min.apply(null, known)) + " " + unit : "没有数据") + (body.limit ? "，" + body.limit.kind + " " + body.limit.text : ""));
    if (!known.length) {
      chart = null;
      place.innerHTML = '<div class="state"><b>所选时段没有数据</b></div>';
      return;
    }
    chart = bz.chart(place, { series: series, limit: body.limit, flags: body.flags, unit: unit, start: body.start, end: body.end, long: long });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("#chart-points button, #chart-spans button");
    if (button) {
      bz.$$("button", button.parentElement).forEach(function (one) { one.setAttribute("aria-pressed", String(one === button)); });
      load();
    }
    if (event.target.closest("#chart-retry")) load();
  });
  document.addEventListener("DOMContentLoaded", function () {
    bz.listen("/ws/outlets/" + document.body.dataset.outlet + "/", hear, gap);
    load();
    setInterval(load, 60000);
  });
})();
