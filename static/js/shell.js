/* The shell of every page: search palette, alert counter, service worker. */
(function () {
  "use strict";
  var bz = window.bz;
  var RECENT = "recent-found";

  /* ---- Ctrl-K ---- */
  function recent() {
    try { return JSON.parse(localStorage.getItem(RECENT) || "[]"); } catch (error) { return []; }
  }
  function remember(item) {
    var kept = [item].concat(recent().filter(function (one) { return one.url !== item.url; })).slice(0, 8);
    try { localStorage.setItem(RECENT, JSON.stringify(kept)); } catch (error) { /* private window */ }
  }
  function palette(finder) {
    var dialog = document.createElement("dialog");
    dialog.className = "dlg pal";
    dialog.setAttribute("aria-label", "搜索");
    var head = document.createElement("div");
    head.className = "q0";
    var input = document.createElement("input");
    input.type = "search";
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", "found");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-label", "搜索企业、排口、车牌、案号、页面，支持拼音首字母");
    input.placeholder = "企业、排口、车牌、案号、页面；支持拼音首字母";
    head.append(bz.icon("search"), input);
    var list = document.createElement("ul");
    list.id = "found";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "搜索结果");
    var state = document.createElement("p");
    state.className = "note";
    state.style.padding = "8px 14px";
    state.setAttribute("role", "status");
    dialog.append(head, list, state);
    document.body.append(dialog);

    var turn = 0, timer = null;
    function options() { return bz.$$("[role=option]", list); }
    function mark(option) {
      options().forEach(function (one) { one.setAttribute("aria-selected", String(one === option)); });
      if (option) { input.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
    }
    function draw(groups) {
      list.replaceChildren();
      var number = 0;
      groups.forEach(function (group) {
        var title = document.createElement("li");
        title.className = "grp";
        title.setAttribute("role", "presentation");
        title.textContent = group.title;
        list.append(title);
        group.items.forEach(function (item) {
          var li = document.createElement("li");
          li.setAttribute("role", "presentation");
          var a = document.createElement("a");
          a.setAttribute("role", "option");
          a.id = "found-" + number++;
          a.href = item.url;
          a.tabIndex = -1;
          a.append(bz.icon(item.icon || "file-text"));
          var text = document.createElement("span");
          text.textContent = item.text;
          var note = document.createElement("small");
          note.textContent = item.note || "";
          a.append(text, note);
          a.addEventListener("click", function () { remember({ url: item.url, text: item.text, note: item.note, icon: item.icon }); });
          li.append(a);
          list.append(li);
        });
      });
      mark(options()[0]);
      state.textContent = number ? "" : input.value.trim() ? "没有找到，换个词或用拼音首字母试试。" : "输入名称、车牌或案号的一部分。";
    }
    function start() {
      var kept = recent();
      draw(kept.length ? [{ title: "最近打开", items: kept }] : []);
    }
    async function ask() {
      var mine = ++turn, text = input.value.trim();
      if (!text) { start(); return; }
      try {
        var response = await bz.fetch(finder.dataset.search + "?q=" + encodeURIComponent(text));
        var found = await response.json();
        if (mine === turn) draw(found.groups);
      } catch (error) {
        if (mine === turn) state.textContent = "搜索没有完成：" + error.message;
      }
    }
    input.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(ask, 120); });
    input.addEventListener("keydown", function (event) {
      var all = options(), at = all.findIndex(function (o) { return o.getAttribute("aria-selected") === "true"; });
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (all.length) mark(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
      } else if (event.key === "Enter" && all[at]) {
        event.preventDefault();
        all[at].click();
      }
    });
    dialog.open_ = function () { input.value = ""; start(); dialog.showModal(); input.focus(); };
    return dialog;
  }
  document.addEventListener("click", function (event) {
    var finder = event.target.closest("[data-finder]");
    if (!finder) return;
    if (!finder.palette) finder.palette = palette(finder);
    if (!finder.palette.open) finder.palette.open_();
  });

  /* ---- the alert socket of every page; pages hear it as bz:alert ---- */
  document.addEventListener("DOMContentLoaded", function () {
    var place = bz.$("#live-state[data-live]");
    if (place) {
      bz.alertSocket = bz.listen(place.dataset.live, function (message) {
        document.dispatchEvent(new CustomEvent("bz:alert", { detail: message }));
      }, function () {
        document.dispatchEvent(new CustomEvent("bz:gap"));
      });
    }
    if ("serviceWorker" in navigator && document.body.dataset.user) {
      navigator.serviceWorker.register("/sw.js").catch(function () { /* http without localhost */ });
    }
  });
})();
