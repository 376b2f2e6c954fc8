/* Video beside data: the picture's time and the curve's cursor go together. */
(function () {
  "use strict";
  var bz = window.bz;
  var chart = null, asked = 0;
  var seconds = Number(document.body.dataset.seconds) || 0;
  /* A looped file shows the moment `base + currentTime`. */
  var base = 0;

  function tell(at) {
    bz.$("#clip-time").textContent = bz.day(at) + " " + bz.clock(at) + ":" + String(Math.floor(at % 60)).padStart(2, "0");
    if (chart && chart.point) chart.point(at);
  }
  function seek(at) {
    var clip = bz.$("#clip");
    if (!clip || !seconds) { tell(at); return; }
    base = at - at % seconds;
    clip.currentTime = at % seconds;
    tell(at);
  }
  async function load() {
    var button = bz.$("#video-points [aria-pressed=true]"), problem = bz.$("#video-error"), place = bz.$("#video-chart");
    if (!button) { place.innerHTML = '<div class="state"><b>没有设置限值的因子</b></div>'; return; }
    var mine = ++asked;
    problem.hidden = true;
    try {
      var body = await (await bz.fetch(button.dataset.history + "?span=24h")).json();
      if (mine !== asked) return;
      if (chart) chart.destroy();
      chart = null;
      var unit = body.unit.replace("m3", "m³").replace("degC", "℃");
      if (!body.minutes.times.length) { place.innerHTML = '<div class="state"><b>近 24 小时没有数据</b></div>'; return; }
      place.setAttribute("aria-label", body.name + " 近 24 小时曲线" + (body.limit ? "，" + body.limit.kind + " " + body.limit.text : ""));
      chart = bz.chart(place, {
        series: [{ label: body.name, times: body.minutes.times, values: body.minutes.values, colour: "c1", width: 1.3 }],
        limit: body.limit, flags: body.flags, unit: unit, start: body.start, end: body.end, long: false, pick: seek,
      });
    } catch (error) { if (mine === asked) problem.hidden = false; }
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("#video-points button");
    if (!button) return;
    bz.$$("#video-points button").forEach(function (one) { one.setAttribute("aria-pressed", String(one === button)); });
    load();
  });
  document.addEventListener("DOMContentLoaded", function () {
    var clip = bz.$("#clip"), still = bz.$("#still"), at = Number(document.body.dataset.at) || Date.now() / 1000;
    load();
    if (clip && seconds) {
      base = at - at % seconds;
      clip.addEventListener("loadedmetadata", function () { clip.currentTime = at % seconds; }, { once: true });
      clip.addEventListener("timeupdate", function () { tell(base + clip.currentTime); });
      if (!window.matchMedia("(prefers-reduced-motion: reduce)").matches) clip.play().catch(function () { /* the person presses play */ });
    }
    if (still) {
      var problem = bz.$("#still-error");
      still.addEventListener("error", function () { problem.hidden = false; });
      still.addEventListener("load", function () { problem.hidden = true; tell(Date.now() / 1000); });
      setInterval(function () { if (!document.hidden) still.src = still.dataset.still + "?" + Date.now(); }, 6000);
    }
  });
})();
