/* A site visit on the phone: everything is kept here first, then sent, then merged. */
(function () {
  "use strict";
  var bz = window.bz, $ = bz.$, $$ = bz.$$;
  var source = $("#pack");
  if (!source) return;
  var pack = JSON.parse(source.textContent);
  var visits = bz.drafts("visits"), shots = bz.drafts("photos");
  var state = { id: pack.id, fields: pack.fields, own: {}, arrived_at: null, place: null, finish: false, sending: null };
  var photos = [], here = null, busy = false, again = false, PIECE = 512 * 1024;

  function now() { return new Date().toISOString(); }
  function value(field) {
    var own = state.own[field];
    if (own) return own.v;
    return state.fields[field] ? state.fields[field].v : undefined;
  }
  function made(tag, text, css) {
    var node = document.createElement(tag);
    if (text) node.textContent = text;
    if (css) node.className = css;
    return node;
  }
  /* Kept on the phone before anything else happens. */
  async function keep() {
    try { await visits.put(state); } catch (error) {
      bz.message("err", "本机存储不可用：" + error.message + "。请先上传或清理空间，否则离开本页会丢失填写。");
    }
  }
  async function write(field, v) {
    var held = state.own[field];
    var base = held ? held.base : (state.fields[field] ? state.fields[field].n : 0);
    state.own[field] = { v: v, base: base, at: now() };
    await keep();
    draw();
    sync();
  }

  /* ---- what is shown ---- */
  function pending() {
    return Object.keys(state.own).length + photos.filter(function (p) { return p.blob; }).length + (state.arrived_at ? 1 : 0);
  }
  function draw() {
    var count = pending(), banner = $("#vs-net");
    banner.hidden = navigator.onLine && !count;
    $("#vs-net-text").textContent = (navigator.onLine ? "正在同步" : "离线") + " · 草稿已存本机，" + count + " 项待同步";
    $$("[data-item]").forEach(drawItem);
    $$("[data-field]").forEach(function (box) {
      var held = value(box.dataset.field);
      if (box.type === "radio") box.checked = held !== undefined && String(held) === box.value;
      else if (document.activeElement !== box) box.value = held === undefined ? "" : held;
    });
    $$("[data-conflict]").forEach(function (place) { drawConflict(place, place.dataset.conflict); });
    $$("[data-sign]").forEach(drawSign);
    drawSteps();
    var done = pack.state === "done", arrived = pack.state === "started" || Boolean(state.arrived_at);
    $("#vs-arrive").hidden = $("#vs-entry-row").hidden = arrived || done;
    $("#vs-next").hidden = !arrived || done;
    $("#vs-shot-any").parentElement.hidden = done;
    $$("#vs-body input, #vs-body textarea, #vs-body button").forEach(function (node) { node.disabled = done; });
    $("#vs-done").hidden = !done;
  }
  function drawItem(row) {
    var code = row.dataset.item, given = value("a:" + code) || {};
    row.classList.toggle("bad", given.answer === "no");
    $$("[data-answer]", row).forEach(function (button) {
      button.setAttribute("aria-pressed", String(given.answer === button.dataset.answer));
    });
    var more = $(".vs-more", row), note = $("textarea", row), site = $("input[data-site]", row);
    if (more) more.hidden = given.answer !== "no" && !given.note && !own(code).length;
    if (note && document.activeElement !== note) note.value = given.note || "";
    if (site) {
      if (document.activeElement !== site) site.value = given.site || "";
      drawDeviation(row, given);
    }
    var list = $(".vs-shots", row);
    if (list) list.replaceChildren.apply(list, own(code).map(drawShot));
    drawConflict(row, "a:" + code);
  }
  function own(code) { return photos.filter(function (p) { return p.code === code; }); }
  function drawShot(photo) {
    var row = made("li");
    if (photo.blob) {
      var image = new Image();
      image.src = URL.createObjectURL(photo.blob);
      image.onload = function () { URL.revokeObjectURL(image.src); };
      image.alt = "现场照片";
      row.append(image);
    } else row.append(made("span", "已上传", "vs-sent"));
    var stamp = new Date(photo.taken_at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
    row.append(made("span", stamp + (photo.accuracy_m ? " · ±" + Math.round(photo.accuracy_m) + " m" : " · 无定位") + (photo.blob ? " · 待传" : ""), "vs-stamp"));
    return row;
  }
  function platform(row) {
    return pack.readings.find(function (one) { return one.factor === row.dataset.factor; }) || pack.readings[0];
  }
  function drawDeviation(row, given) {
    var told = $(".vs-dev", row), live = platform(row), site = parseFloat(given.site);
    if (!live || live.value === null) { told.textContent = "平台没有可比对的数据"; return; }
    var when = new Date(live.at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
    var text = "平台 " + when + " " + live.factor + " " + live.value + " " + live.unit;
    if (!isNaN(site) && live.value) text += " · 偏差 " + ((site - live.value) / live.value * 100).toFixed(1) + " %";
    told.textContent = text;
  }
  function drawSign(box) {
    var given = value("sign:" + box.dataset.sign);
    $(".vs-signed", box).textContent = given ? given.name + "（已签）" : "待签";
    box.classList.toggle("on", Boolean(given));
    drawConflict(box, "sign:" + box.dataset.sign);
  }
  function drawConflict(row, field) {
    var old = $(".vs-conflict", row), held = state.own[field];
    if (old) old.remove();
    if (!held || !held.theirs) return;
    var box = made("div", "", "msg warn vs-conflict");
    box.setAttribute("role", "alert");
    box.append(made("span", held.theirs.by + " 已填写“" + said(held.theirs.theirs) + "”，您填写“" + said(held.v) + "”"));
    [["用我的", true], ["用对方的", false]].forEach(function (choice) {
      var button = made("button", choice[0], "bt sm");
      button.type = "button";
      button.addEventListener("click", function () { settle(field, choice[1]); });
      box.append(button);
    });
    row.append(box);
  }
  function said(v) {
    if (v && typeof v === "object") {
      var words = { yes: "符合", no: "不符合", na: "不适用" };
      return [words[v.answer], v.site, v.name, v.note].filter(Boolean).join(" ");
    }
    return v === true ? "是" : v === false ? "否" : String(v);
  }
  async function settle(field, mine) {
    var held = state.own[field];
    if (mine) { held.base = held.theirs.n; delete held.theirs; } else delete state.own[field];
    await keep(); draw(); sync();
  }
  function drawSteps() {
    var steps = $("#vs-steps"), done = 0;
    steps.replaceChildren.apply(steps, pack.items.map(function (item) {
      var given = value("a:" + item.code) || {}, step = made("i");
      var answered = given.answer || (given.site !== undefined && given.site !== "");
      if (answered) { done += 1; step.className = given.answer === "no" ? "bad" : "on"; }
      return step;
    }));
    $("#vs-count").textContent = done + " / " + pack.items.length;
  }

  /* ---- what is done ---- */
  $("#vs-body").addEventListener("click", function (event) {
    var button = event.target.closest("[data-answer]"), sign = event.target.closest("[data-sign-open]");
    if (button) {
      var code = button.closest("[data-item]").dataset.item;
      write("a:" + code, Object.assign({}, value("a:" + code), { answer: button.dataset.answer }));
    } else if (sign) openSign(sign.closest("[data-sign]").dataset.sign);
  });
  $("#vs-body").addEventListener("change", function (event) {
    var box = event.target, row = box.closest("[data-item]");
    if (box.type === "file") { take(box, row ? row.dataset.item : "scene"); return; }
    if (row) {
      var code = row.dataset.item, given = Object.assign({}, value("a:" + code));
      if (box.tagName === "TEXTAREA") given.note = box.value;
      else if ("site" in box.dataset) {
        var live = platform(row);
        given.site = box.value;
        if (live) { given.platform = String(live.value); given.data_time = live.at; }
      }
      write("a:" + code, given);
    } else if (box.dataset.field) {
      write(box.dataset.field, box.type === "radio" ? box.value === "true" : box.value);
    }
  });
  async function take(box, code) {
    var files = Array.from(box.files);
    box.value = "";
    for (var file of files) await addPhoto(await bz.smaller(file), code);
  }
  async function addPhoto(blob, code) {
    var row = {
      id: bz.uuid(), visit: pack.id, code: code, blob: blob, size: blob.size, sha256: await bz.sha256(blob), taken_at: now(),
      place: here, accuracy_m: here ? here.accuracy_m : null,
    };
    try { await shots.put(row); } catch (error) {
      bz.message("err", "照片未能存入本机：" + error.message);
      return;
    }
    photos.push(row);
    draw();
    sync();
  }
  $("#vs-shot-any").addEventListener("change", function () { take(this, "scene"); });
  $("#vs-arrive").addEventListener("click", async function () {
    state.arrived_at = now();
    state.place = here;
    state.entry_code = $("#vs-entry").value.trim();
    await keep(); draw(); sync();
  });
  $("#vs-next").addEventListener("click", async function () {
    var open = pack.items.find(function (item) {
      var given = value("a:" + item.code) || {};
      return !given.answer && !given.site;
    });
    if (open) {
      var row = $("[data-item=\"" + open.code + "\"]");
      row.scrollIntoView({ block: "center" });
      $("button, input", row).focus({ preventScroll: true });
      return;
    }
    state.finish = true;
    await keep();
    if (!navigator.onLine) bz.toast("已保存，恢复网络后提交完成");
    sync();
  });

  /* ---- place ---- */
  function locate() {
    if (!navigator.geolocation) { $("#vs-place").textContent = "本机没有定位"; return; }
    navigator.geolocation.watchPosition(function (found) {
      var c = found.coords;
      here = { latitude: c.latitude, longitude: c.longitude, accuracy_m: c.accuracy };
      var text = "定位 ±" + Math.round(c.accuracy) + " m";
      if (pack.place) text += " · 距对象 " + far(here, pack.place);
      $("#vs-place").textContent = text;
    }, function () {
      here = null;
      $("#vs-place").textContent = "未取得定位，可继续填写；照片将不带位置";
    }, { enableHighAccuracy: true, maximumAge: 15000, timeout: 20000 });
  }
  function far(a, b) {
    var rad = Math.PI / 180, x = (b.longitude - a.longitude) * rad * Math.cos((a.latitude + b.latitude) / 2 * rad);
    var m = Math.hypot(x, (b.latitude - a.latitude) * rad) * 6371000;
    return m < 1000 ? Math.round(m) + " m" : (m / 1000).toFixed(1) + " km";
  }

  /* ---- signatures ---- */
  var pad = $("#vs-pad"), pen = pad.getContext("2d"), drawn = false, role = "";
  function openSign(which) {
    role = which; drawn = false;
    pen.fillStyle = "#fff"; pen.fillRect(0, 0, pad.width, pad.height);
    pen.strokeStyle = "#16222a"; pen.lineWidth = 3; pen.lineCap = "round";
    $("#vs-sign-name").value = which === "party" ? "" : pack.officers[which === "officer2" ? 1 : 0] || "";
    $("#vs-sign").showModal();
  }
  function at(event) {
    var box = pad.getBoundingClientRect();
    return [(event.clientX - box.left) * pad.width / box.width, (event.clientY - box.top) * pad.height / box.height];
  }
  pad.addEventListener("pointerdown", function (event) {
    pad.setPointerCapture(event.pointerId);
    pen.beginPath(); pen.moveTo.apply(pen, at(event)); drawn = true;
  });
  pad.addEventListener("pointermove", function (event) {
    if (!event.buttons) return;
    pen.lineTo.apply(pen, at(event)); pen.stroke();
  });
  $("#vs-sign-save").addEventListener("click", async function () {
    var name = $("#vs-sign-name").value.trim();
    $("#vs-sign-error").textContent = !name ? "请填写姓名；拒绝签名的填写“拒签”" : !drawn && name !== "拒签" ? "请在框内签名" : "";
    if (!name || (!drawn && name !== "拒签")) return;
    var signed = role;
    if (drawn) {
      var blob = await new Promise(function (done) { pad.toBlob(done, "image/png"); });
      await addPhoto(blob, "sign:" + signed);
    }
    $("#vs-sign").close();
    write("sign:" + signed, { name: name });
  });

  /* ---- sending ---- */
  async function sync() {
    if (busy) { again = true; return; }
    if (!navigator.onLine || pack.state === "done") { draw(); return; }
    busy = true;
    try {
      await sendFields();
      for (var photo of photos.filter(function (p) { return p.blob; })) await sendPhoto(photo);
      if (state.finish) await sendFields();
    } catch (error) {
      if (error.status) told(error);
    } finally {
      busy = false;
      draw();
      if (again) { again = false; sync(); }
    }
  }
  /* The body is kept until it is answered: sent again as it is, it changes nothing twice. */
  async function sendFields() {
    var ready = Object.keys(state.own).filter(function (name) { return !state.own[name].theirs; });
    var photosLeft = photos.some(function (p) { return p.blob; });
    if (!state.sending) {
      if (!ready.length && !state.arrived_at && !(state.finish && !photosLeft)) return;
      state.sending = {
        id: bz.uuid(), arrived_at: state.arrived_at, place: state.place, entry_code: state.entry_code || "", finish: state.finish && !photosLeft,
        changes: ready.map(function (name) { return { field: name, value: state.own[name].v, base: state.own[name].base, at: state.own[name].at }; }),
      };
      await keep();
    }
    var body = Object.assign({}, state.sending, { sent_at: now() });
    var answer;
    try {
      answer = await (await bz.fetch(pack.urls.sync, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } })).json();
    } catch (error) {
      if (error.status === 422 || error.status === 400) {
        /* Refused as a whole: what was written stays here; an arrival must be registered again. */
        state.sending = null; state.finish = false; state.arrived_at = null;
        await keep();
      }
      throw error;
    }
    await taken(body, answer);
  }
  async function taken(body, answer) {
    pack.state = answer.state;
    state.fields = answer.fields;
    if (body.arrived_at) { state.arrived_at = null; }
    body.changes.forEach(function (change) {
      var own = state.own[change.field];
      if (own && own.at === change.at) delete state.own[change.field];
    });
    answer.conflicts.forEach(function (conflict) {
      if (!state.own[conflict.field]) state.own[conflict.field] = { v: conflict.mine, base: 0, at: now() };
      state.own[conflict.field].theirs = conflict;
    });
    state.sending = null;
    if (body.finish) state.finish = false;
    missing(answer.missing);
    if (Math.abs(answer.clock_offset_s) > 300) {
      $("#vs-clock").hidden = false;
      $("#vs-clock").textContent = "本机时钟与平台相差 " + Math.round(Math.abs(answer.clock_offset_s) / 60) + " 分钟，时间已按平台校正。";
    }
    if (answer.state === "done") { await visits.drop(pack.id); bz.toast("现场核查已完成"); } else await keep();
  }
  function missing(list) {
    var box = $("#vs-missing");
    box.hidden = !list.length;
    $("ul", box).replaceChildren.apply($("ul", box), list.map(function (text) { return made("li", text); }));
    if (list.length) box.scrollIntoView({ block: "center" });
  }
  async function sendPhoto(photo) {
    var place = photo.place || null;
    var row = await (await bz.fetch(pack.urls.photo, {
      method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id: photo.id, code: photo.code, sha256: photo.sha256, size: photo.size, taken_at: photo.taken_at, sent_at: now(), place: place }),
    })).json();
    while (!row.sealed) {
      var piece = photo.blob.slice(row.received, row.received + PIECE);
      row = await (await bz.fetch(pack.urls.photo + "?id=" + photo.id + "&start=" + row.received, {
        method: "PUT", body: piece, headers: { "Content-Type": "application/octet-stream" },
      })).json();
    }
    await shots.drop(photo.id);
    photo.blob = null;
    draw();
  }
  function told(error) { bz.message("err", "未能同步：" + error.message + "。填写仍在本机，稍后自动重试。"); }

  async function begin() {
    var kept = await visits.get(pack.id);
    if (kept) {
      state.own = kept.own; state.arrived_at = kept.arrived_at; state.place = kept.place;
      state.finish = kept.finish; state.entry_code = kept.entry_code; state.sending = kept.sending;
      if (!navigator.onLine) state.fields = kept.fields;
    }
    var mine = (await shots.all()).filter(function (row) { return row.visit === pack.id; });
    photos = pack.photos.filter(function (row) { return row.sealed; }).concat(mine);
    draw(); locate(); sync();
  }
  window.addEventListener("online", sync);
  window.addEventListener("offline", draw);
  setInterval(sync, 20000);
  begin().catch(function (error) { bz.message("err", "本机存储不可用：" + error.message + "。只能在线填写。"); draw(); });
})();
