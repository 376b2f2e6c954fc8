/* 实时监控墙: values as they arrive; age and state of every tile told in words. */
(function () {
  "use strict";
  var bz = window.bz;
  var flags = { N: "正常", F: "停运", M: "维护", S: "手工输入", D: "故障", C: "校准", T: "超量程上限", B: "通讯异常" };
  var words = { live: ["实时", "circle-dot"], stale: ["数据停滞", "clock"], stopped: ["标记停运", "player-pause"] };
  function bound(text) { return text === "" ? null : Number(text); }
  function share(value, low, high) {
    if (value === null) return null;
    if (low !== null && high !== null) return Math.abs(value - (high + low) / 2) / ((high - low) / 2);
    if (high !== null) return high > 0 ? value / high : null;
    return low !== null && value > 0 ? low / value : null;
  }
  function figure(value) { return value === null ? "—" : String(Number(value.toPrecision(4))).replace("-", "−"); }
  function age(seconds) {
    if (seconds < 60) return Math.max(0, Math.round(seconds)) + " 秒前";
    var minutes = Math.floor(seconds / 60);
    if (minutes < 60) return minutes + " 分钟前";
    var hours = Math.floor(minutes / 60);
    return hours < 24 ? hours + " 小时 " + minutes % 60 + " 分前" : Math.floor(hours / 24) + " 天前";
  }
  function state(tile, name) {
    if (!words[name] || tile.dataset.state === name) return;
    tile.dataset.state = name;
    var tag = bz.$("[data-word]", tile);
    tag.replaceChildren(bz.icon(words[name][1]), Object.assign(document.createElement("span"), { textContent: words[name][0] }));
  }
  function fill(tile, sent) {
    var at = Date.parse(sent.time) / 1000;
    if (Number(tile.dataset.at) > at) return;
    var judged = tile.dataset.converted === "1" && sent.converted !== null ? sent.converted : sent.value;
    var low = bound(tile.dataset.low), high = bound(tile.dataset.high), part = share(judged, low, high);
    var over = sent.flag === "N" && judged !== null && ((high !== null && judged > high) || (low !== null && judged < low));
    tile.dataset.at = at;
    tile.classList.toggle("over", over);
    bz.$("[data-value]", tile).textContent = figure(judged);
    bz.$("[data-flag]", tile).textContent = "标记 " + sent.flag + " " + (flags[sent.flag] || "");
    var text = bz.$("[data-share]", tile), bar = bz.$(".bul i", tile);
    if (text) text.textContent = sent.flag !== "N" || part === null ? "—" : Math.round(part * 100) + "%";
    if (bar && part !== null) {
      bar.style.width = (Math.max(0, Math.min(part, 1.6)) / 1.6 * 100).toFixed(1) + "%";
      bar.classList.toggle("over", part > 1);
    }
    state(tile, sent.flag === "F" ? "stopped" : "live");
  }
  function tick() {
    var now = Date.now() / 1000;
    bz.$$("#wall .tile").forEach(function (tile) {
      if (!tile.dataset.at) return;
      var old = now - Number(tile.dataset.at);
      bz.$("[data-age]", tile).textContent = age(old);
      if (tile.dataset.state === "live" && old > 2 * Number(tile.dataset.cycle) + 90) state(tile, "stale");
    });
  }
  async function gap() {
    try {
      var response = await bz.fetch(location.href, { headers: { "HX-Request": "true" } });
      bz.$("#wall").outerHTML = await response.text();
      tick();
    } catch (error) { /* the next reconnection tries again */ }
  }
  document.addEventListener("DOMContentLoaded", function () {
    bz.listen("/ws/live/", function (message) {
      Object.values(message.outlets || {}).flat().forEach(function (sent) {
        var tile = bz.$('#wall [data-point="' + sent.point + '"]');
        if (tile) fill(tile, sent);
      });
    }, gap);
    tick();
    setInterval(tick, 5000);
    /* Sparklines and order are drawn by the server. */
    setInterval(function () { if (!document.hidden) gap(); }, 300000);
  });
})();
