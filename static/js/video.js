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
  /* Live pictures: each message is a moment and a JPEG; the newest one is drawn. */
  function live(box, fallBack) {
    var canvas = bz.$("#live"), pen = canvas.getContext("2d"), problem = bz.$("#live-error");
    var socket = null, timer = 0, tries = 0, seen = false, wanted = false, drawing = false;
    function say(text) {
      problem.hidden = !text;
      bz.$("span", problem).textContent = text;
    }
    async function draw(data) {
      if (drawing) return;
      drawing = true;
      try {
        var at = new DataView(data).getFloat64(0);
        var picture = await createImageBitmap(new Blob([new Uint8Array(data, 8)], { type: "image/jpeg" }));
        if (canvas.width !== picture.width || canvas.height !== picture.height) { canvas.width = picture.width; canvas.height = picture.height; }
        pen.drawImage(picture, 0, 0);
        picture.close();
        box.dataset.shown = String(Number(box.dataset.shown || 0) + 1);
        seen = true;
        tries = 0;
        say("");
        tell(at);
      } catch (error) { /* a broken picture: the next one comes */ } finally { drawing = false; }
    }
    function open() {
      clearTimeout(timer);
      if (!wanted || document.hidden || socket) return;
      var mine = socket = new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host + box.dataset.live);
      mine.binaryType = "arraybuffer";
      mine.addEventListener("message", function (event) {
        if (typeof event.data === "string") { say(JSON.parse(event.data).text || ""); return; }
        draw(event.data);
      });
      mine.addEventListener("close", function (event) {
        if (socket === mine) socket = null;
        if (!wanted) return;
        if (event.code === 4403) { say("没有权限查看此通道"); return; }
        tries += event.code === 4408 ? 0 : 1;
        if (!seen && tries > 2 && fallBack) { fallBack(); return; }
        timer = setTimeout(open, event.code === 4408 ? 0 : Math.min(30000, 1000 * Math.pow(1.8, tries)));
      });
    }
    function shut() {
      clearTimeout(timer);
      if (socket) socket.close();
      socket = null;
    }
    document.addEventListener("visibilitychange", function () { if (document.hidden) shut(); else open(); });
    window.addEventListener("pagehide", shut);
    return { start: function () { wanted = true; open(); }, stop: function () { wanted = false; shut(); } };
  }
  function stills() {
    var still = bz.$("#still"), problem = bz.$("#still-error");
    bz.$("#still-box").hidden = false;
    still.addEventListener("error", function () { problem.hidden = false; });
    still.addEventListener("load", function () { problem.hidden = true; tell(Date.now() / 1000); });
    function look() { if (!document.hidden) still.src = still.dataset.still + "?" + Date.now(); }
    look();
    setInterval(look, 6000);
  }
  document.addEventListener("DOMContentLoaded", function () {
    var clip = bz.$("#clip"), still = bz.$("#still"), box = bz.$("#live-box"), at = Number(document.body.dataset.at) || Date.now() / 1000;
    load();
    if (clip && seconds) {
      base = at - at % seconds;
      clip.addEventListener("loadedmetadata", function () { clip.currentTime = at % seconds; }, { once: true });
      clip.addEventListener("timeupdate", function () { if (!bz.$("#clip-box").hidden) tell(base + clip.currentTime); });
      if (!window.matchMedia("(prefers-reduced-motion: reduce)").matches) clip.play().catch(function () { /* the person presses play */ });
    }
    if (!box) return;
    var feed = live(box, still && function () { box.hidden = true; stills(); });
    var pause = bz.$("#live-pause");
    pause.addEventListener("click", function () {
      var paused = pause.getAttribute("aria-pressed") !== "true";
      pause.setAttribute("aria-pressed", String(paused));
      bz.$("span", pause).textContent = paused ? "继续" : "暂停";
      if (paused) feed.stop(); else feed.start();
    });
    bz.$$("[data-view]").forEach(function (button) {
      button.addEventListener("click", function () {
        var chosen = button.dataset.view === "live";
        bz.$$("[data-view]").forEach(function (one) { one.setAttribute("aria-pressed", String(one === button)); });
        box.hidden = !chosen;
        bz.$("#clip-box").hidden = chosen;
        if (chosen) { clip.pause(); feed.start(); } else { feed.stop(); clip.play().catch(function () { /* the person presses play */ }); }
      });
    });
    if (still) feed.start();
  });
})();
