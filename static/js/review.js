/* Review page: open captures, draw their curve and boxes, send verdicts, undo. */
(function () {
  "use strict";
  var bz = window.bz;
  var root = bz.$("[data-review]");
  if (!root) return;
  var state = { capture: "", opened: new Set(), level: null, since: Date.now(), video: null };
  function address(name, pk) { return root.dataset[name].replace("/0/", "/" + pk + "/"); }
  function parse(text, other) { try { return JSON.parse(text); } catch (error) { return other; } }

  function ready() {
    var panel = bz.$(".ev", root);
    if (!panel) return;
    var chosen = bz.$(".rg[aria-checked=true]", root);
    state = { capture: panel.dataset.capture, opened: new Set(), level: chosen ? Number(chosen.dataset.level) : null, since: Date.now(), video: null };
    drawCurve(parse(bz.$("#curve-data", root).textContent, []));
    var first = bz.$("[data-first]", root) || bz.$("[data-frame]", root);
    if (first) showFrame(first, true);
    check();
  }

  /* ---- evidence ---- */
  function showFrame(button, quiet) {
    var big = bz.$("#big");
    bz.$$(".fm", root).forEach(function (one) { one.classList.toggle("on", one === button); });
    bz.$$("img, video, .bx", big).forEach(function (old) { old.remove(); });
    var image = new Image();
    image.addEventListener("error", function () { bz.message("warn", "未能载入这一帧，请重试。"); });
    image.alt = "第 " + button.dataset.frame.split("-")[1] + " 帧";
    image.addEventListener("load", function () {
      box(big, image, parse(button.dataset.vehicle, null), "", "车辆");
      box(big, image, parse(button.dataset.plume, null), "smk", "烟羽" + (button.dataset.opacity ? " " + Math.round(button.dataset.opacity * 100) + "%" : ""));
      drawCrop(image, parse(button.dataset.plume, null) || parse(button.dataset.vehicle, null));
      if (!quiet) seen(button, button.dataset.frame);
    });
    image.src = button.dataset.src;
    big.prepend(image);
    bz.$("#osd").textContent = "SHA-256 " + button.dataset.sha.slice(0, 8) + "…" + button.dataset.sha.slice(-4);
  }
  function seen(button, name) {
    if (!button.isConnected) return;
    state.opened.add(name);
    button.dataset.seen = "1";
    check();
  }
  function box(place, image, edges, kind, words) {
    if (!edges) return;
    var scale = Math.min(place.clientWidth / image.naturalWidth, place.clientHeight / image.naturalHeight);
    var left = (place.clientWidth - image.naturalWidth * scale) / 2;
    var top = (place.clientHeight - image.naturalHeight * scale) / 2;
    var mark = document.createElement("div");
    mark.className = "bx " + kind;
    mark.style.left = left + edges[0] * scale + "px";
    mark.style.top = top + edges[1] * scale + "px";
    mark.style.width = (edges[2] - edges[0]) * scale + "px";
    mark.style.height = (edges[3] - edges[1]) * scale + "px";
    var label = document.createElement("em");
    label.textContent = words;
    mark.append(label);
    place.append(mark);
  }
  function drawCrop(image, edges) {
    var canvas = bz.$("#crop"), pen = canvas.getContext("2d"), fine = window.devicePixelRatio || 1;
    canvas.width = Math.max(canvas.clientWidth * fine, 2);
    canvas.height = Math.max(canvas.clientHeight * fine, 2);
    if (!edges) return;
    var wide = (edges[2] - edges[0]) * 1.2, high = (edges[3] - edges[1]) * 1.2;
    var scale = Math.min(canvas.width / wide, canvas.height / high);
    scale = Math.max(scale, canvas.width / image.naturalWidth, canvas.height / image.naturalHeight);
    function within(middle, length, all) { return Math.min(Math.max(middle - length / 2, 0), Math.max(all - length, 0)); }
    var x = within((edges[0] + edges[2]) / 2, canvas.width / scale, image.naturalWidth);
    var y = within((edges[1] + edges[3]) / 2, canvas.height / scale, image.naturalHeight);
    pen.drawImage(image, x, y, canvas.width / scale, canvas.height / scale, 0, 0, canvas.width, canvas.height);
  }
  function showClip(button) {
    var big = bz.$("#big");
    bz.$$(".fm", root).forEach(function (one) { one.classList.toggle("on", one === button); });
    bz.$$("img, video, .bx", big).forEach(function (old) { old.remove(); });
    var video = document.createElement("video");
    video.controls = true; video.muted = true; video.autoplay = true; video.playsInline = true;
    video.src = button.dataset.src;
    video.addEventListener("playing", function () { seen(button, button.dataset.clip); }, { once: true });
    video.addEventListener("error", async function () {
      // A codec this browser lacks must stop nobody; a clip that did not come was not looked at.
      try {
        await bz.fetch(button.dataset.src, { headers: { Range: "bytes=0-0" } });
        bz.message("warn", "此浏览器不能播放该视频编码，请在原件中查看。", { href: button.dataset.src, text: "下载视频", blank: true });
        seen(button, button.dataset.clip);
      } catch (error) { bz.message("warn", "视频没有载入，请重试。"); }
    }, { once: true });
    big.prepend(video);
  }
  function drawCurve(points) {
    var svg = bz.$("#curve");
    if (!svg || !points.length) return;
    var first = points[0].at, last = points[points.length - 1].at, span = Math.max(last - first, 0.1);
    function x(at) { return ((at - first) / span) * 300; }
    function line(name) { return points.map(function (p, i) { return (i ? "L" : "M") + x(p.at).toFixed(1) + " " + (100 - p[name] * 100).toFixed(1); }).join(""); }
    var opacity = line("opacity");
    svg.replaceChildren();
    [["gl", "M0 80H300M0 60H300M0 40H300M0 20H300"], ["ar", opacity + "L300 100L0 100Z"], ["ln", opacity], ["dt", line("detector")], ["cur", "M" + x(0).toFixed(1) + " 0V100"]].forEach(function (part) {
      var path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("class", part[0]);
      path.setAttribute("d", part[1]);
      svg.append(path);
    });
    var peak = Math.max.apply(null, points.map(function (p) { return p.opacity; }));
    bz.$("#peak").textContent = "共 " + points.length + " 帧，峰值 " + Math.round(peak * 100) + "%（虚线为检测模型置信度）";
    bz.$("#ax0").textContent = first.toFixed(1) + " s";
    bz.$("#ax1").textContent = "+" + last.toFixed(1) + " s";
    bz.$("#axc").style.setProperty("--x", (x(0) / 3).toFixed(1) + "%");
  }

  /* ---- verdict ---- */
  function check() {
    var button = bz.$("[data-verdict=smoke]", root), panel = bz.$(".ev", root), why = bz.$("#why", root);
    if (!button || !panel || button.hasAttribute("data-never")) return;
    var left = parse(panel.dataset.needed, []).filter(function (name) { return !state.opened.has(name); });
    button.disabled = left.length > 0 || !state.level;
    if (why) why.textContent = left.length ? "还需查看 " + left.filter(function (n) { return n.startsWith("frame"); }).length + " 帧" + (left.some(function (n) { return n.startsWith("clip"); }) ? "和视频" : "") : !state.level ? "请选择 1–5 级" : "";
  }
  async function give(verdict) {
    var form = bz.$("#verdict"), capture = state.capture;
    var row = bz.$('.q[data-capture="' + capture + '"]', root);
    try {
      var answer = await bz.post(address("give", capture), {
        verdict: verdict, level: state.level === null ? "" : state.level, plate: form.elements.plate.value,
        color: form.elements.color.value, reason: form.elements.reason.value,
        opened: Array.from(state.opened).join(","), seconds: ((Date.now() - state.since) / 1000).toFixed(1),
      });
      var result = await answer.json();
      if (row) row.classList.add("done");
      count(1);
      bz.toast(result.text, async function () {
        await bz.post(result.undo);
        if (row) row.classList.remove("done");
        count(-1);
        open(capture);
      });
      if (result.next) open(result.next); else { bz.$("#panel").replaceChildren(); state.capture = ""; }
    } catch (error) { if (!(error instanceof bz.SessionEnded)) bz.message("err", error.message); }
  }
  function count(step) {
    var waiting = bz.$("#waiting"), done = bz.$("#done");
    if (waiting) waiting.textContent = Math.max(0, Number(waiting.textContent) - step);
    if (done) done.textContent = Math.max(0, Number(done.textContent) + step);
  }
  async function open(capture) {
    try {
      var left = String(capture) === state.capture ? "" : "?leaving=" + state.capture;
      var answer = await bz.fetch(address("panel", capture) + left, { headers: { Accept: "text/html" } });
      var parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      bz.$("#panel").replaceChildren.apply(bz.$("#panel"), Array.from(parsed.body.children));
      bz.$$(".q", root).forEach(function (one) { one.classList.toggle("on", one.dataset.capture === String(capture)); });
      history.replaceState(null, "", "?capture=" + capture);
      ready();
    } catch (error) { bz.message("err", "未能打开抓拍：" + error.message); }
  }
  root.addEventListener("click", function (event) {
    var frame = event.target.closest("[data-frame]"), clip = event.target.closest("[data-clip]");
    var level = event.target.closest("[data-level]"), verdict = event.target.closest("[data-verdict]"), row = event.target.closest(".q");
    var step = event.target.closest("[data-step]");
    if (step) {
      var rows = bz.$$(".q", root), at = rows.findIndex(function (one) { return one.dataset.capture === state.capture; });
      row = rows[Math.max(0, Math.min(rows.length - 1, at + Number(step.dataset.step)))];
    }
    if (event.target.closest("[data-next-frame]")) frame = bz.$$("[data-frame]", root).find(function (one) { return !one.dataset.seen; });
    if (frame) showFrame(frame, false);
    else if (clip) showClip(clip);
    else if (level) {
      state.level = Number(level.dataset.level);
      bz.$$(".rg", root).forEach(function (one) { one.setAttribute("aria-checked", String(one === level)); });
      check();
    } else if (verdict && !verdict.disabled) give(verdict.dataset.verdict);
    else if (row) open(row.dataset.capture);
  });
  root.addEventListener("submit", function (event) { event.preventDefault(); });
  root.addEventListener("bz:selected", function (event) {
    var row = event.target.closest(".q");
    if (row && row.dataset.capture !== state.capture) open(row.dataset.capture);
  });
  async function beat() {
    if (!state.capture || document.hidden) return;
    var capture = state.capture, note = bz.$("[data-holder]", root);
    try {
      var told = await (await bz.post(address("hold", capture))).json();
      if (!note || capture !== state.capture) return;
      note.hidden = !told.by;
      note.firstElementChild.textContent = told.by;
    } catch (error) { /* the next beat tries again */ }
  }
  setInterval(beat, 15000);
  document.addEventListener("visibilitychange", beat);
  ready();
})();
