/* 历史数据: one chart for each factor, a shared crosshair, exports that say how far they are. */
(function () {
  "use strict";
  var bz = window.bz;
  var charts = [];
  var colours = ["c1", "c2", "major", "ok", "info", "minor", "accent", "ink-2"];

  function clear() { charts.forEach(function (one) { one.destroy(); }); charts = []; }
  function times(body, count) {
    var out = [];
    for (var i = 0; i < count; i += 1) out.push(body.start + i * body.step);
    return out;
  }
  function groups(curves) {
    var found = new Map();
    curves.forEach(function (curve) {
      var key = [curve.factor, curve.unit, curve.basis].join("|");
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(curve);
    });
    return Array.from(found.values());
  }
  function known(values) { return values.filter(function (v) { return v !== null; }); }

  function show(body) {
    clear();
    var place = bz.$("#curves");
    place.replaceChildren();
    groups(body.curves).forEach(function (group) {
      var unit = group[0].unit.replace("m3", "m³").replace("degC", "℃").replace("ug", "μg");
      var box = document.createElement("div"), title = document.createElement("h3"), plot = document.createElement("div");
      box.className = "curve";
      plot.className = "plot";
      plot.setAttribute("role", "img");
      title.textContent = group.map(function (c) { return c.label; }).join("，") + " · " + body.word + " " + unit;
      box.append(title, plot);
      place.append(box);
      var series = [], bands = [], flags = [], limit = null, all = [];
      group.forEach(function (curve, index) {
        var at = times(body, curve.mean.length), colour = colours[index % colours.length];
        var wide = curve.low.some(function (v, i) { return v !== null && v !== curve.high[i]; });
        if (wide) {
          series.push({ label: curve.label + " 最大", times: at, values: curve.high, colour: colour, width: 0.6, quiet: true });
          series.push({ label: curve.label + " 最小", times: at, values: curve.low, colour: colour, width: 0.6, quiet: true });
          bands.push([series.length - 2, series.length - 1, colour]);
        }
        series.push({ label: curve.label + (wide ? " 均值" : ""), times: at, values: curve.mean, colour: colour, width: 1.5 });
        if (curve.last_year) series.push({ label: curve.label + " 去年", times: at, values: curve.last_year, colour: "c3", width: 1.2, dash: [4, 3], quiet: false });
        flags = flags.concat(curve.flags);
        all = all.concat(known(curve.high), known(curve.mean));
        if (curve.limit && (!limit || (curve.limit.high !== null && curve.limit.high < limit.high))) limit = curve.limit;
      });
      if (!all.length) { plot.removeAttribute("role"); plot.innerHTML = '<div class="state"><b>所选时段没有数据</b></div>'; return; }
      plot.setAttribute("aria-label", title.textContent + "，最高 " + bz.figure(Math.max.apply(null, all)) + (limit ? "，" + limit.kind + " " + limit.text : ""));
      charts.push(bz.chart(plot, {
        series: series, bands: bands, limit: limit, flags: flags, unit: unit, start: body.start, end: body.end,
        long: body.end - body.start > 2 * 86400, sync: "curves",
        pick: function (at) { location.href = "/polluters/points/" + group[0].point + "/raw/?at=" + Math.round(at); },
      }));
    });
  }
  async function load() {
    var place = bz.$("#curves"), problem = bz.$("#curves-error");
    if (!place) return;
    problem.hidden = true;
    try {
      var response = await bz.fetch(document.body.dataset.curves + location.search);
      show(await response.json());
    } catch (error) { clear(); problem.hidden = false; }
  }

  async function send(link) {
    var job = Array.from(crypto.getRandomValues(new Uint8Array(12))).map(function (b) { return b.toString(16).padStart(2, "0"); }).join("");
    var bar = bz.$("#export-bar"), state = bz.$("#export-state");
    bar.hidden = false;
    bar.value = 0;
    state.textContent = "正在导出";
    var timer = setInterval(async function () {
      try {
        var answer = await (await bz.fetch(document.body.dataset.progress + "?job=" + job)).json();
        bar.value = answer.share;
        state.textContent = "正在导出 " + Math.round(answer.share * 100) + "%";
      } catch (error) { /* the next tick asks again */ }
    }, 700);
    try {
      var url = new URL(link.href);
      url.searchParams.set("job", job);
      var response = await bz.fetch(url.toString());
      var blob = await response.blob();
      var name = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition") || "");
      var a = document.createElement("a");
      a.href = URL.createObjectURL(blob);
      a.download = name ? decodeURIComponent(name[1]) : "历史数据";
      a.click();
      setTimeout(function () { URL.revokeObjectURL(a.href); }, 60000);
      state.textContent = "已导出";
    } catch (error) { state.textContent = "导出失败，请重试"; }
    clearInterval(timer);
    bar.hidden = true;
  }
  document.addEventListener("click", function (event) {
    var link = event.target.closest("[data-export]");
    if (link) { event.preventDefault(); send(link); }
    if (event.target.closest("#curves-retry")) load();
  });
  document.addEventListener("DOMContentLoaded", load);
})();
