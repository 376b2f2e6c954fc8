/* Case pages: evidence fragments of other apps, changes made elsewhere, file sizes. */
(function () {
  "use strict";
  var bz = window.bz;

  bz.$$("[data-fragment]").forEach(async function (place) {
    try {
      var response = await bz.fetch(place.dataset.fragment, { headers: { "HX-Request": "true" } });
      var parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      var inner = parsed.querySelector("[data-evidence]") || parsed.querySelector("main") || parsed.body;
      place.replaceChildren.apply(place, Array.from(inner.childNodes).map(function (node) {
        return document.importNode(node, true);
      }));
    } catch (error) {
      var note = document.createElement("p");
      note.className = "muted";
      note.textContent = "未能取得数据证据：" + error.message;
      place.replaceChildren(note);
    }
  });

  var head = bz.$("[data-case]");
  function changed(text) {
    var bar = bz.$("#case-changed");
    bz.$("span", bar).textContent = text;
    bar.hidden = false;
  }
  if (head && bz.listen) {
    bz.listen("/ws/cases/" + head.dataset.case + "/", function (message) {
      if (message.type !== "case.changed" || Number(message.version) <= Number(head.dataset.version)) return;
      changed("案件已有新的办理：" + message.act + "。");
    }, function () { changed("连接曾中断，案件可能已有变化。"); });
  }

  var form = bz.$("form[data-limit-mb]");
  if (form) {
    form.addEventListener("change", function (event) {
      if (event.target.type !== "file") return;
      var limit = Number(form.dataset.limitMb) * 1024 * 1024;
      var large = Array.from(event.target.files).filter(function (file) { return file.size > limit; });
      var note = bz.$("[data-too-large]", form);
      note.hidden = !large.length;
      note.textContent = large.map(function (file) { return file.name; }).join("、") + " 超过 " + form.dataset.limitMb + " MB";
      bz.$("button[type=submit]", form).disabled = large.length > 0;
    });
  }
})();
