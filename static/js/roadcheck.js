/* Roadside check on the phone: drafts live in IndexedDB until the server has them. */
(function () {
  "use strict";
  var bz = window.bz;
  var root = document.querySelector("[data-roadcheck]");
  if (!root) return;
  var form = document.getElementById("rc-form");
  var photos = [], place = null, plateRead = "", chosen = false, busy = false;

  /* ---- drafts ---- */
  var drafts = bz.drafts("checks");
  async function mine() {
    return (await drafts.all()).sort(function (a, b) { return a.fields.at < b.fields.at ? -1 : 1; });
  }
  /* The page must open without signal as well, also when it was opened before anything was kept. */
  async function keep() {
    if (!("caches" in window) || !navigator.serviceWorker) return;
    await navigator.serviceWorker.ready;
    await (await caches.open("pages-1")).add(location.pathname);
  }

  /* ---- what is drawn ---- */
  function item(tag, text, css) {
    var made = document.createElement(tag);
    made.textContent = text;
    if (css) made.className = css;
    return made;
  }
  async function draw() {
    var list = document.getElementById("rc-drafts"), waiting = await mine();
    document.getElementById("rc-count").textContent = waiting.length + " 条";
    list.replaceChildren.apply(list, waiting.map(function (one) {
      var row = document.createElement("li");
      row.append(item("b", one.fields.plate), item("span", one.fields.verdict === "fail" ? "不合格" : "合格"));
      if (one.why) {
        row.append(item("span", one.why, "why"));
        var mend = item("button", "修改", "bt sm");
        mend.type = "button";
        mend.addEventListener("click", function () { fill(one); });
        row.append(mend);
      } else row.append(item("span", "待上传", "note"));
      return row;
    }));
  }
  function net() {
    var tag = document.getElementById("rc-net");
    tag.textContent = navigator.onLine ? "已连接" : "离线，记录保存在本机";
    tag.className = navigator.onLine ? "tag ok" : "tag minor";
  }
  function means() {
    var now = form.elements.means.value;
    form.querySelectorAll("[data-for]").forEach(function (part) { part.hidden = part.dataset.for !== now; });
    suggest();
  }
  /* The reading suggests the verdict until the officer chooses one. */
  function suggest() {
    if (chosen) return;
    var e = form.elements, over = null;
    if (e.means.value === "smoke_meter" && e.smoke_k.value && e.limit_k.value) over = Number(e.smoke_k.value) > Number(e.limit_k.value);
    if (e.means.value === "ringelmann" && e.ringelmann.value) over = Number(e.ringelmann.value) >= 1;
    if (over !== null) e.verdict.value = over ? "fail" : "pass";
  }
  function wrong(text) {
    var box = document.getElementById("rc-error");
    box.hidden = !text;
    box.textContent = text || "";
    if (text) box.scrollIntoView({ block: "nearest" });
  }
  function thumbs() {
    var list = document.getElementById("rc-thumbs");
    list.querySelectorAll("img").forEach(function (one) { URL.revokeObjectURL(one.src); });
    list.replaceChildren.apply(list, photos.map(function (file, index) {
      var row = document.createElement("li"), image = new Image(), off = item("button", "×");
      image.src = URL.createObjectURL(file);
      image.alt = "照片 " + (index + 1);
      off.type = "button";
      off.setAttribute("aria-label", "去掉照片 " + (index + 1));
      off.addEventListener("click", function () { photos.splice(index, 1); thumbs(); });
      row.append(image, off);
      return row;
    }));
  }

  async function readPlate(file) {
    var hint = document.getElementById("rc-plate-hint");
    photos.push(file);
    thumbs();
    if (!navigator.onLine) { hint.textContent = "离线时不能识别，请手工输入号牌"; return; }
    hint.textContent = "正在识别…";
    try {
      var body = new FormData();
      body.append("photo", file);
      var asked = await (await bz.fetch(root.dataset.plate, { method: "POST", body: body })).json();
      for (var i = 0; i < 20; i++) {
        await new Promise(function (done) { setTimeout(done, 600); });
        var found = await (await bz.fetch(root.dataset.plate + asked.token + "/")).json();
        if (found.state !== "done") continue;
        if (!found.plates.length) break;
        plateRead = found.plates[0].text;
        if (!form.elements.plate.value) form.elements.plate.value = plateRead;
        if (found.plates[0].color !== "other") form.elements.plate_color.value = found.plates[0].color;
        hint.textContent = "识别为 " + plateRead + "，请核对";
        return;
      }
      hint.textContent = "未识别出号牌，请手工输入";
    } catch (error) { hint.textContent = error.message || "识别未完成，请手工输入号牌"; }
  }

  /* ---- place ---- */
  function locate() {
    var note = document.getElementById("rc-place");
    if (!navigator.geolocation) { note.textContent = "本机没有定位，记录不含位置"; return; }
    navigator.geolocation.watchPosition(function (found) {
      place = found.coords;
      note.textContent = "位置 " + place.longitude.toFixed(5) + ", " + place.latitude.toFixed(5) + "（±" + Math.round(place.accuracy) + " m）";
    }, function () {
      place = null;
      note.textContent = "未取得定位，可继续记录；请在说明中写明地点";
    }, { enableHighAccuracy: true, maximumAge: 30000, timeout: 20000 });
  }

  /* ---- save, send ---- */
  function draftNow() {
    var e = form.elements, kind = e.means.value;
    return {
      id: form.dataset.id || bz.uuid(), url: root.dataset.send, photos: photos.slice(), why: "",
      fields: {
        plate: e.plate.value.trim().toUpperCase(), plate_color: e.plate_color.value, plate_read: plateRead,
        at: form.dataset.at || new Date().toISOString(), means: kind, verdict: e.verdict.value, note: e.note.value.trim(),
        smoke_k: kind === "smoke_meter" ? e.smoke_k.value : "", limit_k: kind === "smoke_meter" ? e.limit_k.value : "",
        ringelmann: kind === "ringelmann" ? e.ringelmann.value : "", obd_fault: kind === "obd" ? e.obd_fault.value.trim() : "",
        longitude: place ? String(place.longitude) : "", latitude: place ? String(place.latitude) : "", accuracy_m: place ? String(place.accuracy) : "",
      },
    };
  }
  function lacks(draft) {
    var f = draft.fields;
    if (f.plate.length < 6) return "请填写号牌号码";
    if (f.means === "smoke_meter" && !f.smoke_k) return "请填写光吸收系数 k";
    if (f.means === "ringelmann" && !f.ringelmann) return "请选择林格曼级";
    if (f.means === "obd" && !f.obd_fault) return "请填写 OBD 读数；无故障填“无”";
    if (!f.verdict) return "请选择结论";
    return "";
  }
  function clear() {
    var limit = form.elements.limit_k.value, kind = form.elements.means.value;
    form.reset();
    form.elements.limit_k.value = limit;
    form.elements.means.value = kind;
    delete form.dataset.id;
    delete form.dataset.at;
    photos = []; plateRead = ""; chosen = false;
    document.getElementById("rc-plate-hint").textContent = "";
    thumbs(); means(); wrong("");
    form.elements.plate.focus();
  }
  function fill(draft) {
    form.dataset.id = draft.id;
    form.dataset.at = draft.fields.at;
    Object.keys(draft.fields).forEach(function (name) {
      if (form.elements[name]) form.elements[name].value = draft.fields[name];
    });
    photos = draft.photos.slice(); plateRead = draft.fields.plate_read; chosen = true;
    thumbs(); means(); wrong(draft.why);
    form.scrollIntoView();
  }
  async function send(draft) {
    var body = new FormData();
    Object.keys(draft.fields).forEach(function (name) { body.append(name, draft.fields[name]); });
    body.append("id", draft.id);
    body.append("sent_at", new Date().toISOString());
    draft.photos.forEach(function (file) { body.append("photos", file, file.name || "photo.jpg"); });
    var answer = await (await bz.fetch(draft.url, { method: "POST", body: body })).json();
    await drafts.drop(draft.id);
    var row = document.createElement("li"), link = item("a", answer.plate, "link");
    link.href = answer.url;
    row.append(link, " " + answer.verdict);
    document.getElementById("rc-recent").prepend(row);
  }
  async function sync() {
    if (busy || !navigator.onLine) return;
    busy = true;
    try {
      for (var one of await mine()) {
        if (one.why) continue;
        try { await send(one); } catch (error) {
          if (error.status === 422 || error.status === 409) { one.why = error.message; await drafts.put(one); } else break;
        }
      }
    } finally { busy = false; await draw(); }
  }
  form.addEventListener("submit", async function (event) {
    event.preventDefault();
    var draft = draftNow(), missing = lacks(draft);
    if (missing) { wrong(missing); return; }
    try { await drafts.put(draft); } catch (error) {
      wrong("本机存储已满或不可用，请先上传待传记录再继续");
      return;
    }
    clear();
    bz.toast(draft.fields.plate + " 已保存" + (navigator.onLine ? "，正在上传" : "，有信号后上传"));
    await draw();
    sync();
  });
  form.addEventListener("change", function (event) {
    if (event.target.name === "means") means();
    if (event.target.name === "verdict") chosen = true;
  });
  form.addEventListener("input", suggest);
  document.getElementById("rc-photo-plate").addEventListener("change", async function () {
    var file = this.files[0];
    this.value = "";
    if (file) readPlate(await bz.smaller(file));
  });
  document.getElementById("rc-photos").addEventListener("change", async function () {
    var files = Array.from(this.files);
    this.value = "";
    for (var file of files.slice(0, 8 - photos.length)) photos.push(await bz.smaller(file));
    thumbs();
  });
  document.getElementById("rc-sync").addEventListener("click", async function () {
    for (var one of await mine()) { if (one.why) { one.why = ""; await drafts.put(one); } }
    sync();
  });
  window.addEventListener("online", function () { net(); sync(); });
  window.addEventListener("offline", net);
  setInterval(sync, 30000);
  net(); means(); draw(); locate(); sync();
  keep().catch(function () { /* no room, or no signal: the next visit keeps it */ });
})();
