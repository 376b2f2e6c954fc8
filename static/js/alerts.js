/* 预警中心: rows that follow the server, the card beside them, acts with undo. */
(function () {
  "use strict";
  var bz = window.bz;
  var $ = bz.$, $$ = bz.$$;
  var WIDE = matchMedia("(min-width: 1100px)");
  var LOOK_MS = 25000, FORGET_MS = 60000;
  var triage, list, card, api, since, watching = null, cardTurn = 0;

  function row(id) { return document.getElementById("alert-" + id); }
  function parse(html) {
    var box = document.createElement("template");
    box.innerHTML = html.trim();
    return box.content.firstElementChild;
  }
  function mayAct() { return Boolean(triage && triage.dataset.mayAct !== undefined); }
  async function call(method, path, body) {
    var options = { method: method, headers: { Accept: "application/json" } };
    if (body) {
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    var response = await bz.fetch(api + path, options);
    return response.json();
  }

  /* ---- rows ---- */
  function put(old, html) {
    var fresh = parse(html);
    if (!fresh) return null;
    if (old) {
      if (Number(old.dataset.version) > Number(fresh.dataset.version)) return old;
      var on = old.classList.contains("on"), focus = old.contains(document.activeElement) ? document.activeElement : null;
      var pick = $("[data-pick]", old);
      $("[data-pick]", fresh).checked = Boolean(pick && pick.checked);
      old.replaceWith(fresh);
      if (on) fresh.classList.add("on");
      if (focus) ($(focus.tagName === "A" ? "a" : focus.tagName === "INPUT" ? "[data-pick]" : "[data-ack]", fresh) || fresh).focus({ preventScroll: true });
    } else {
      var before = $$("[data-item]", list).find(function (one) { return comesBefore(fresh, one); });
      list.insertBefore(fresh, before || $("[data-more]", list));
      fresh.classList.add("fresh");
    }
    eyes(Number(fresh.dataset.id));
    return fresh;
  }
  function comesBefore(a, b) {
    var place = Number(a.dataset.place) - Number(b.dataset.place);
    return place > 0 || (place === 0 && Number(a.dataset.at) > Number(b.dataset.at));
  }
  function emptyState() {
    var box = $("[data-empty]");
    if (box) box.hidden = $$("[data-item]", list).length > 0;
  }
  function belongs(message) {
    var query = new URLSearchParams(location.search), tab = triage.dataset.tab;
    if (query.get("q") || query.get("mine") || query.get("subject")) return false;
    if (query.get("kind") && query.get("kind") !== message.kind) return false;
    if (query.get("district") && query.get("district") !== message.district) return false;
    var severities = query.getAll("severity");
    if (severities.length && !severities.includes(message.severity)) return false;
    if (tab === "open") return message.open;
    if (tab === "waiting") return message.state === "unack" || message.state === "rtn_unack";
    return false;
  }
  var held = new Map();
  var announce = null;
  function releaseHeld() {
    held.forEach(function (message) { put(row(message.id), message.html); });
    held.clear();
    emptyState();
  }
  function hear(message) {
    if (message.sent) since = Math.max(since, message.sent);
    var old = row(message.id);
    if (old) put(old, message.html);
    else if (belongs(message)) {
      var known = held.has(message.id);
      held.set(message.id, message);
      if (!known) announce(1);
    }
    var open = card && $("[data-alert='" + message.id + "']", card);
    if (open && Number(open.dataset.version) < message.version) stale(open);
  }
  function stale(open) {
    if (open.dataset.stale || $("dialog[open]", open)) return;
    var typed = $$("textarea", open).some(function (box) { return box.value; });
    if (!typed) { show(Number(open.dataset.alert), true); return; }
    open.dataset.stale = "1";
    bz.message("warn", "此预警已有更新。", { href: location.href, text: "刷新" });
  }
  async function reload() {
    var response = await bz.fetch($("#triage").dataset.rows + location.search);
    list.innerHTML = await response.text();
    emptyState();
  }
  async function gap() {
    try {
      var found = await call("GET", "changes/?since=" + since);
      if (found.reload) { await reload(); since = found.sent; return; }
      found.alerts.forEach(hear);
      since = Math.max(since, found.sent);
    } catch (error) {
      if (!(error instanceof bz.SessionEnded)) bz.message("warn", "未能补取断线期间的预警：" + error.message, { href: location.href, text: "刷新本页" });
    }
  }

  /* ---- acknowledge, with undo ---- */
  async function acknowledge(id) {
    var item = row(id), before = item && item.outerHTML;
    if (item) item.classList.add("pend", "al-acked");
    try {
      var done = await call("POST", id + "/acknowledge/", {});
      if (item) put(row(id), done.html);
      refreshCard(id);
      bz.toast("已确认：" + done.subject_name, async function () {
        var undone = await call("POST", id + "/undo/");
        put(row(id), undone.html);
        refreshCard(id);
      });
    } catch (error) {
      if (item && before && row(id)) row(id).replaceWith(parse(before));
      if (!(error instanceof bz.SessionEnded)) bz.message("err", "未能确认：" + error.message);
    }
  }
  async function acknowledgeMany(ids) {
    ids.forEach(function (id) { var item = row(id); if (item) item.classList.add("pend"); });
    try {
      var answer = await call("POST", "acknowledge/", { ids: ids });
      bz.toast("已确认 " + answer.done.length + " 条" + (answer.refused.length ? "，" + answer.refused.length + " 条未能确认" : ""));
    } catch (error) {
      if (!(error instanceof bz.SessionEnded)) bz.message("err", "未能确认：" + error.message);
    }
    ids.forEach(function (id) { var item = row(id); if (item) item.classList.remove("pend"); });
    $$("[data-pick]:checked", list).forEach(function (box) { box.checked = false; });
    bulk();
    gap();
  }
  function picked() { return $$("[data-pick]:checked", list).map(function (box) { return Number(box.value); }); }
  function bulk() {
    var bar = $("[data-bulk]"), ids = picked();
    if (!bar) return;
    bar.hidden = ids.length === 0;
    $("[data-bulk-count]", bar).textContent = "已选 " + ids.length + " 条";
  }

  /* ---- the card ---- */
  function refreshCard(id) { if (card && $("[data-alert='" + id + "']", card)) show(id, true); }
  async function show(id, keep) {
    var mine = ++cardTurn, item = row(id);
    var address = item ? $("[data-card]", item).dataset.card : location.pathname + "card/";
    try {
      var response = await bz.fetch(address);
      var html = await response.text();
      if (mine !== cardTurn) return;
      var scroll = keep ? card.scrollTop : 0;
      card.innerHTML = html;
      card.scrollTop = scroll;
      if (window.htmx) window.htmx.process(card);
      bz.forms(card);
      look(id);
    } catch (error) {
      if (mine === cardTurn && !(error instanceof bz.SessionEnded)) bz.message("err", "未能打开预警：" + error.message);
    }
  }
  async function act(form) {
    var open = form.closest("[data-alert]"), id = Number(open.dataset.alert);
    var body = Object.fromEntries(new FormData(form).entries());
    if (body.minutes) body.minutes = Number(body.minutes);
    try {
      var done = await call("POST", id + "/" + form.dataset.act + "/", body);
      var dialog = form.closest("dialog");
      if (dialog) dialog.close();
      form.reset();
      try { localStorage.removeItem("draft:" + document.body.dataset.user + ":" + location.pathname + ":" + form.dataset.draft); } catch (error) { /* private window */ }
      if (row(id)) put(row(id), done.html);
      show(id, true);
      var said = { shelve: "已搁置", dismiss: "已排除", comments: "已添加备注" }[form.dataset.act];
      bz.toast(said + "：" + done.subject_name);
    } catch (error) {
      if (!(error instanceof bz.SessionEnded)) bz.message("err", "操作没有完成：" + error.message);
    }
  }

  /* ---- presence ---- */
  var seen = new Map();
  function say(message) {
    var socket = bz.alertSocket;
    if (socket && socket.open) socket.ws.send(JSON.stringify(message));
  }
  function look(id) { watching = id; say({ type: "viewing", alert: id }); }
  function presence(message) {
    if (String(message.user) === document.body.dataset.user) return;
    var viewers = seen.get(message.alert) || new Map();
    if (message.here) viewers.set(message.user, { name: message.name, until: Date.now() + FORGET_MS });
    else viewers.delete(message.user);
    seen.set(message.alert, viewers);
    eyes(message.alert);
  }
  function eyes(id) {
    var viewers = seen.get(id), names = [];
    if (viewers) viewers.forEach(function (one) { if (one.until > Date.now()) names.push(one.name); });
    $$("#alert-" + id + " [data-eyes], [data-alert='" + id + "'] [data-eyes]").forEach(function (place) {
      place.hidden = names.length === 0;
      place.textContent = names.length ? names.join("、") + " 正在查看" : "";
    });
  }

  document.addEventListener("bz:alert", function (event) {
    var message = event.detail;
    if (message.type === "presence") { presence(message); return; }
    if (!triage) return;
    if (message.type === "alert") hear(message);
    if (message.type === "reload") gap();
  });
  document.addEventListener("bz:gap", function () {
    if (triage) gap();
    if (watching) look(watching);
  });
  document.addEventListener("bz:live-open", function () { if (watching) look(watching); });

  document.addEventListener("click", function (event) {
    var on = function (selector) { return event.target.closest(selector); };
    var ack = on("[data-ack]"), link = on("[data-card]"), todo = on("[data-do]"), more = on("[data-next]");
    if (ack) { event.preventDefault(); acknowledge(Number(ack.closest("[data-item]").dataset.id)); return; }
    if (todo) {
      var id = Number(todo.closest("[data-alert]").dataset.alert);
      if (todo.dataset.do === "acknowledge") acknowledge(id).then(function () { refreshCard(id); });
      if (todo.dataset.do === "unshelve") call("DELETE", id + "/shelve/").then(function (done) {
        if (row(id)) put(row(id), done.html);
        refreshCard(id);
      }, function (error) { bz.message("err", "未能取消搁置：" + error.message); });
      return;
    }
    if (link && triage && WIDE.matches && !event.ctrlKey && !event.metaKey && event.button === 0 && event.detail !== 0) {
      event.preventDefault();
      bz.select(link.closest("[data-item]"));
      return;
    }
    if (more) {
      more.disabled = true;
      bz.fetch(more.dataset.next).then(function (r) { return r.text(); }).then(function (html) {
        more.closest("[data-more]").outerHTML = html;
      }, function (error) { more.disabled = false; bz.message("err", "未能加载更多：" + error.message); });
      return;
    }
    if (on("[data-bulk-ack]")) acknowledgeMany(picked());
    if (on("[data-bulk-none]")) { $$("[data-pick]:checked", list).forEach(function (box) { box.checked = false; }); bulk(); }
    if (on("[data-bulk-all]")) {
      $$("[data-item][data-state=unack] [data-pick], [data-item][data-state=rtn_unack] [data-pick]", list).forEach(function (box) { box.checked = true; });
      bulk();
    }
  });
  document.addEventListener("change", function (event) { if (event.target.matches("[data-pick]")) bulk(); });
  document.addEventListener("submit", function (event) {
    if (!event.target.matches("form[data-act]")) return;
    event.preventDefault();
    act(event.target);
  });
  var wait = null;
  document.addEventListener("bz:selected", function (event) {
    if (!triage || !WIDE.matches) return;
    clearTimeout(wait);
    wait = setTimeout(function () { show(Number(event.target.dataset.id)); }, 120);
  });

  document.addEventListener("DOMContentLoaded", function () {
    triage = $("#triage");
    card = $("#card");
    api = (triage || card || document.body).dataset.api;
    var alone = card && $("[data-alert]", card);
    if (alone) watching = Number(alone.dataset.alert);
    setInterval(function () { if (watching) look(watching); }, LOOK_MS);
    setInterval(function () { seen.forEach(function (_, id) { eyes(id); }); }, 10000);
    if (!triage) return;
    list = $("#rows");
    since = Number(triage.dataset.since);
    announce = bz.patient(list, $("[data-new]"), releaseHeld);
    triage.classList.toggle("reads-only", !mayAct());
    if (WIDE.matches) { var first = $("[data-item]", list); if (first) { first.classList.add("on"); show(Number(first.dataset.id)); } }
  });
})();
