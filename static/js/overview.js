/* 总览: the rail follows the alerts, the other parts are fetched when something changed. */
(function () {
  "use strict";
  var bz = window.bz;
  var PARTS = ["part-kpis", "part-map", "part-trend", "part-top"];
  var list, announce, held = new Map(), dirty = false, busy = false, MOST = 30;

  function parse(html) {
    var box = document.createElement("template");
    box.innerHTML = html.trim();
    return box.content.firstElementChild;
  }
  function waiting(item) { return /^(unack|rtn_unack)$/.test(item.dataset.state); }
  function before(a, b) {
    if (waiting(a) !== waiting(b)) return waiting(a);
    var place = Number(a.dataset.place) - Number(b.dataset.place);
    return place > 0 || (place === 0 && Number(a.dataset.at) > Number(b.dataset.at));
  }
  function put(message) {
    var old = document.getElementById("alert-" + message.id);
    if (!message.open) { if (old) old.remove(); return; }
    var fresh = parse(message.html);
    if (old && Number(old.dataset.version) > message.version) return;
    if (old) { old.replaceWith(fresh); return; }
    var next = bz.$$("[data-item]", list).find(function (one) { return before(fresh, one); });
    list.insertBefore(fresh, next || null);
    var all = bz.$$("[data-item]", list);
    if (all.length > MOST) all[all.length - 1].remove();
  }
  function count() {
    var number = bz.$$("[data-item]", list).filter(waiting).length;
    var tag = bz.$("#rail-waiting");
    tag.hidden = number === 0;
    tag.textContent = number + " 条未确认";
    bz.$("#rail-empty").hidden = bz.$$("[data-item]", list).length > 0;
  }
  function release() {
    held.forEach(put);
    held.clear();
    count();
  }
  function hear(message) {
    if (message.type === "reload") { location.reload(); return; }
    if (message.type !== "alert") return;
    dirty = true;
    if (document.getElementById("alert-" + message.id)) { put(message); count(); return; }
    if (!message.open) return;
    held.set(message.id, message);
    announce(1);
  }

  /* Figures, map, trend and table: anew at most every ten seconds, and once a minute. */
  async function parts() {
    if (busy || document.hidden) return;
    busy = true;
    dirty = false;
    try {
      var response = await bz.fetch(document.body.dataset.parts + location.search);
      var box = document.createElement("template");
      box.innerHTML = await response.text();
      PARTS.forEach(function (id) {
        var fresh = box.content.getElementById(id), old = document.getElementById(id);
        if (!fresh || !old || old.contains(document.activeElement)) return;
        old.replaceWith(fresh);
      });
    } catch (error) { dirty = true; } finally { busy = false; }
  }

  async function act(id, verb) {
    var response = await bz.fetch("/api/v1/alerts/" + id + "/" + verb + "/", {
      method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: "{}",
    });
    return response.json();
  }
  async function acknowledge(item) {
    var id = Number(item.dataset.id), kept = item.outerHTML;
    item.classList.add("pend");
    try {
      var done = await act(id, "acknowledge");
      item.replaceWith(parse(done.html));
      count();
      bz.toast("已确认：" + done.subject_name, async function () {
        var undone = await act(id, "undo");
        var row = document.getElementById("alert-" + id);
        if (row) row.replaceWith(parse(undone.html));
        count();
      });
    } catch (error) {
      var row = document.getElementById("alert-" + id);
      if (row) row.replaceWith(parse(kept));
      if (!(error instanceof bz.SessionEnded)) bz.message("err", "未能确认：" + error.message);
    }
  }

  document.addEventListener("bz:alert", function (event) { hear(event.detail); });
  document.addEventListener("bz:gap", function () { location.reload(); });
  document.addEventListener("click", function (event) {
    var button = event.target.closest("#rail-list [data-ack]");
    if (button) { event.preventDefault(); acknowledge(button.closest("[data-item]")); return; }
    var link = event.target.closest("[data-layer-link], [data-alarms-link], [data-days]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    history.replaceState(null, "", link.href);
    link.blur();
    parts();
  });
  document.addEventListener("DOMContentLoaded", function () {
    list = bz.$("#rail-list");
    announce = bz.patient(bz.$("#rail"), bz.$("#rail-new"), release);
    count();
    setInterval(function () { if (dirty) parts(); }, 10000);
    setInterval(parts, 60000);
  });
})();
