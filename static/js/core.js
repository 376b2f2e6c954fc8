/* What every page needs: requests, messages, undo, keys, dialogs, drafts of forms. */
(function () {
  "use strict";
  var bz = window.bz;
  var $ = function (selector, root) { return (root || document).querySelector(selector); };
  var $$ = function (selector, root) { return Array.from((root || document).querySelectorAll(selector)); };
  bz.$ = $;
  bz.$$ = $$;

  /* ---- requests ---- */
  bz.csrf = function () {
    var found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (found) return decodeURIComponent(found[1]);
    var field = $("meta[name=csrf-token]");
    return field ? field.content : "";
  };
  bz.SessionEnded = class extends Error {};
  /* fetch() that carries the CSRF token and turns refusals into errors with a readable text. */
  bz.fetch = async function (url, options) {
    var settings = Object.assign({ credentials: "same-origin" }, options);
    settings.headers = Object.assign({ "X-Requested-With": "fetch" }, settings.headers);
    if (settings.method && settings.method !== "GET") settings.headers["X-CSRFToken"] = bz.csrf();
    var response = await fetch(url, settings);
    if (response.redirected && new URL(response.url).pathname.startsWith("/accounts/")) {
      if (asksIdentity(response.url)) throw new bz.SessionEnded("请先确认身份");
      sessionEnded();
      throw new bz.SessionEnded("会话已过期");
    }
    if (!response.ok) {
      var text = "";
      try {
        var problem = await response.clone().json();
        text = problem.detail || problem.title || "";
      } catch (error) { text = ""; }
      var failure = new Error(text || "服务器返回 " + response.status);
      failure.status = response.status;
      throw failure;
    }
    return response;
  };
  bz.post = function (url, fields) {
    return bz.fetch(url, { method: "POST", body: new URLSearchParams(fields || {}) });
  };

  /* ---- messages above the page: for what needs an answer ---- */
  bz.message = function (kind, text, link) {
    var place = $("#page-messages");
    if (!place) return null;
    var box = document.createElement("div");
    box.className = "msg " + kind;
    box.setAttribute("role", kind === "err" ? "alert" : "status");
    var words = document.createElement("span");
    words.textContent = text;
    box.append(words);
    if (link) {
      var anchor = document.createElement("a");
      anchor.href = link.href;
      anchor.textContent = link.text;
      if (link.blank) { anchor.target = "_blank"; anchor.rel = "noopener"; }
      box.append(anchor);
    }
    var close = document.createElement("button");
    close.className = "icob";
    close.type = "button";
    close.setAttribute("aria-label", "关闭提示");
    close.append(bz.icon("x"));
    close.style.marginLeft = "auto";
    close.addEventListener("click", function () { box.remove(); });
    box.append(close);
    place.replaceChildren(box);
    return box;
  };
  function sessionEnded() {
    bz.message("warn", "会话已过期，已填写的内容仍在本页。请在新窗口登录后回到此页继续。", {
      href: document.body.dataset.login || "/accounts/login/", text: "重新登录", blank: true,
    });
  }
  /* An act that binds asks who is there; the page keeps what was filled in. */
  function asksIdentity(address) {
    var path = new URL(address).pathname;
    if (!path.startsWith("/accounts/identity/")) return false;
    bz.message("warn", "此操作需要再次确认身份，已填写的内容仍在本页。请在新窗口确认后回到此页再次提交。", {
      href: path, text: "确认身份", blank: true,
    });
    return true;
  }
  bz.icon = function (name) {
    var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "i");
    svg.setAttribute("aria-hidden", "true");
    var use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", document.body.dataset.icons + "#i-" + name);
    svg.append(use);
    return svg;
  };

  /* ---- toast with undo: 8 seconds, key Z ---- */
  var toast = null;
  bz.toast = function (text, undo) {
    if (toast) toast.remove();
    toast = document.createElement("div");
    toast.className = "toast2";
    toast.setAttribute("role", "status");
    var words = document.createElement("span");
    words.textContent = text;
    toast.append(words);
    if (undo) {
      var button = document.createElement("button");
      button.type = "button";
      button.dataset.key = "z";
      button.append("撤销 ");
      var key = document.createElement("kbd");
      key.textContent = "Z";
      button.append(key);
      button.addEventListener("click", async function () {
        button.disabled = true;
        try {
          await (typeof undo === "function" ? undo() : bz.post(undo));
          bz.toast("已撤销");
          document.dispatchEvent(new CustomEvent("bz:undone", { bubbles: true }));
        } catch (error) {
          bz.message("err", "未能撤销：" + error.message);
          if (toast) toast.remove();
        }
      });
      toast.append(button);
    }
    document.body.append(toast);
    var shown = toast;
    setTimeout(function () { if (shown === toast) { shown.remove(); toast = null; } }, 8000);
  };
  document.addEventListener("bz:toast", function (event) {
    var detail = event.detail || {};
    bz.toast(detail.text || "", detail.undo);
  });

  /* ---- htmx: no eval, errors said in words, an ended session never swallows a page ---- */
  document.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["X-CSRFToken"] = bz.csrf();
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    var address = event.detail.xhr && event.detail.xhr.responseURL;
    if (address && asksIdentity(address)) {
      event.detail.shouldSwap = false;
      return;
    }
    if (address && new URL(address).pathname.startsWith("/accounts/login")) {
      event.detail.shouldSwap = false;
      sessionEnded();
      return;
    }
    if (event.detail.xhr && event.detail.xhr.status === 422) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:responseError", function (event) {
    var status = event.detail.xhr.status;
    var words = {
      403: "当前角色不能执行此操作。", 404: "对象不存在，或不在您的管辖范围内。",
      409: "此项已被他人更新，请刷新后再操作。", 429: "操作过于频繁，请稍后再试。",
    };
    var text = words[status] || "操作没有完成。";
    try {
      var problem = JSON.parse(event.detail.xhr.responseText);
      if (problem.detail) text = problem.detail;
    } catch (error) { /* not a problem document */ }
    bz.message("err", text + "（错误码 " + status + "）", { href: location.href, text: "刷新本页" });
  });
  document.addEventListener("htmx:sendError", function () {
    bz.message("err", "网络不通，操作没有送达。", { href: location.href, text: "重试" });
  });

  /* ---- theme, menus, dialogs, drawer ---- */
  document.addEventListener("click", function (event) {
    var on = function (selector) { return event.target.closest(selector); };
    if (on("[data-theme-switch]")) bz.switchTheme();
    var opener = on("[data-opens]");
    if (opener) {
      var dialog = $(opener.dataset.opens);
      if (dialog && !dialog.open) { event.preventDefault(); dialog.showModal(); }
    }
    var closer = on("[data-closes]");
    if (closer) { event.preventDefault(); closer.closest("dialog").close(); }
    if (event.target.matches("dialog.dlg")) event.target.close();
    if (on("[data-print]")) window.print();
    if (on("[data-back]")) { event.preventDefault(); history.back(); }
    var drawer = on("[data-drawer]");
    if (drawer) {
      var open = document.body.classList.toggle("nav-open");
      drawer.setAttribute("aria-expanded", String(open));
      if (open) { var first = $(".nav a"); if (first) first.focus(); }
    } else if (!on(".nav")) closeDrawer();
    $$("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  function closeDrawer() {
    document.body.classList.remove("nav-open");
    var button = $("[data-drawer]");
    if (button) button.setAttribute("aria-expanded", "false");
  }

  /* ---- keys ---- */
  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) &&
      !/^(checkbox|radio|button|submit)$/.test(target.type || "");
  }
  function visible(element) {
    return element.getClientRects().length > 0 && !element.disabled;
  }
  function items() {
    var list = $$("[data-list]").find(visible);
    return list ? $$("[data-item]", list).filter(visible) : [];
  }
  bz.current = function () { return items().find(function (item) { return item.classList.contains("on"); }); };
  bz.select = function (item) {
    items().forEach(function (one) {
      one.classList.toggle("on", one === item);
      if (one.matches("tr, [role=option]")) one.setAttribute("aria-selected", String(one === item));
    });
    var focus = item.matches("a, [tabindex]") ? item : $("a, button", item);
    if (focus) focus.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
    item.dispatchEvent(new CustomEvent("bz:selected", { bubbles: true }));
  };
  function move(step) {
    var all = items();
    if (!all.length) return;
    var at = all.findIndex(function (item) { return item.classList.contains("on"); });
    bz.select(all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))]);
  }
  function press(key) {
    var inside = bz.current();
    var scoped = inside && $$("[data-key]", inside).find(function (b) { return b.dataset.key === key && visible(b); });
    var global = $$("[data-key]").find(function (b) {
      return b.dataset.key === key && visible(b) && !b.closest("[data-item]");
    });
    var button = scoped || global;
    if (!button) return false;
    button.click();
    return true;
  }
  function shortcutList() {
    var table = $("#keys-list");
    var seen = {};
    var rows = [["?", "显示快捷键"], ["Ctrl K", "搜索"]];
    if (items().length) rows.push(["J / K", "下一条 / 上一条"], ["Enter", "打开"]);
    $$("[data-key]").filter(visible).forEach(function (button) {
      var key = button.dataset.key.toUpperCase();
      var text = button.dataset.keyLabel || button.getAttribute("aria-label") || button.textContent.replace(/\s+/g, " ").replace(new RegExp(" ?" + key + " ?$"), "").trim();
      if (!seen[key]) { seen[key] = true; rows.push([key, text]); }
    });
    table.replaceChildren.apply(table, rows.flatMap(function (row) {
      var dt = document.createElement("dt"), dd = document.createElement("dd"), key = document.createElement("kbd");
      key.textContent = row[0];
      dt.append(key);
      dd.textContent = row[1];
      return [dt, dd];
    }));
    $("#keys").showModal();
  }
  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      var finder = $("[data-finder]");
      if (finder) { event.preventDefault(); finder.click(); }
      return;
    }
    if (event.key === "Escape") {
      closeDrawer();
      $$("details.menu[open]").forEach(function (menu) { menu.open = false; $("summary", menu).focus(); });
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]")) return;
    var key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "?" && $("#keys")) { event.preventDefault(); shortcutList(); return; }
    if (press(key)) { event.preventDefault(); return; }
    if (key === "j") { event.preventDefault(); move(1); }
    if (key === "k") { event.preventDefault(); move(-1); }
    if (key === "Enter" && event.target === document.body) {
      var link = bz.current() && $("a[href]", bz.current());
      if (link) link.click();
    }
  });

  /* ---- forms: sent once; drafts outlive an ended session ---- */
  function draftKey(form) { return "draft:" + document.body.dataset.user + ":" + location.pathname + ":" + form.dataset.draft; }
  function saveDraft(form) {
    var values = {};
    new FormData(form).forEach(function (value, name) {
      if (typeof value === "string" && name !== "csrfmiddlewaretoken") (values[name] = values[name] || []).push(value);
    });
    try { localStorage.setItem(draftKey(form), JSON.stringify({ at: Date.now(), values: values })); } catch (error) { /* full or private */ }
  }
  function restoreDraft(form) {
    var kept = null;
    try { kept = JSON.parse(localStorage.getItem(draftKey(form)) || "null"); } catch (error) { kept = null; }
    if (!kept || Date.now() - kept.at > 7 * 864e5) return;
    var changed = false;
    $$("input, textarea, select", form).forEach(function (field) {
      var values = kept.values[field.name];
      if (!field.name || field.type === "hidden" || field.type === "file" || field.type === "password") return;
      if (/^(checkbox|radio)$/.test(field.type)) {
        var on = Boolean(values && values.includes(field.value));
        if (field.checked !== on) { field.checked = on; changed = true; }
      } else if (values && field.value !== values[0]) { field.value = values.shift(); changed = true; }
    });
    if (changed) {
      var note = document.createElement("p");
      note.className = "msg";
      note.setAttribute("role", "status");
      note.textContent = "已恢复上次未提交的内容（" + new Date(kept.at).toLocaleString("zh-CN") + "）。";
      form.prepend(note);
    }
  }
  bz.forms = function (root) {
    $$("form[data-draft]", root).forEach(restoreDraft);
  };
  document.addEventListener("input", function (event) {
    var form = event.target.form;
    if (form && form.dataset.draft !== undefined) saveDraft(form);
  });
  document.addEventListener("submit", function (event) {
    var form = event.target;
    var ask = (event.submitter && event.submitter.dataset.confirm) || form.dataset.confirm;
    if (ask && !window.confirm(ask)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    if (form.dataset.draft !== undefined) {
      try { sessionStorage.setItem(SENT, JSON.stringify({ key: draftKey(form), path: location.pathname })); } catch (error) { /* private */ }
    }
    setTimeout(function () {
      $$("button[type=submit], button:not([type])", form).forEach(function (b) { b.disabled = true; });
    }, 0);
  }, true);
  window.addEventListener("pageshow", function () {
    $$("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
      $$("button", form).forEach(function (button) { button.disabled = false; });
    });
  });
  /*
   * A form that was taken is answered by a redirect: then its draft is done. A refusal, an
   * ended session or a question who is there is no redirect to a page, and the draft stays.
   */
  var SENT = "draft-sent";
  function dropDrafts() {
    var sent = JSON.parse(sessionStorage.getItem(SENT) || "null");
    if (!sent) return;
    var way = performance.getEntriesByType("navigation")[0];
    var away = location.pathname.startsWith("/accounts/"), taken = !away && Boolean(way && way.redirectCount);
    if (taken) localStorage.removeItem(sent.key);
    var refused = $$("form[data-draft]").some(function (form) { return draftKey(form) === sent.key; });
    if (away || taken || refused || location.pathname !== sent.path) sessionStorage.removeItem(SENT);
  }

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
  });

  document.addEventListener("DOMContentLoaded", function () {
    try { dropDrafts(); } catch (error) { /* no storage */ }
    bz.forms(document);
  });
  document.addEventListener("htmx:load", function (event) { bz.forms(event.target); });
})();
