/* The list of outlets: newest values as they arrive; the order stays until the next load. */
(function () {
  "use strict";
  var bz = window.bz;
  function bound(text) { return text === "" ? null : Number(text); }
  function fill(cell, sent) {
    var judged = cell.dataset.converted === "1" && sent.converted !== null ? sent.converted : sent.value;
    var low = bound(cell.dataset.low), high = bound(cell.dataset.high);
    var over = sent.flag === "N" && judged !== null && ((high !== null && judged > high) || (low !== null && judged < low));
    cell.firstChild.textContent = judged === null ? "—" : String(Number(judged.toPrecision(4)));
    cell.classList.toggle("strong", over);
    cell.classList.toggle("bad", over);
    cell.classList.remove("stale-text");
    var tag = bz.$(".tag", cell);
    if (tag && sent.flag === "N") tag.remove();
    var at = new Date(Date.parse(sent.time) + 8 * 36e5);
    var time = bz.$("[data-time]", cell.closest("tr"));
    if (time) time.textContent = "今日 " + at.toISOString().slice(11, 16);
  }
  async function gap() {
    try {
      var response = await bz.fetch(location.href, { headers: { "HX-Request": "true" } });
      bz.$("#outlet-rows").outerHTML = await response.text();
    } catch (error) { /* the next reconnection tries again */ }
  }
  document.addEventListener("DOMContentLoaded", function () {
    bz.listen("/ws/live/", function (message) {
      Object.values(message.outlets || {}).flat().forEach(function (sent) {
        var cell = bz.$('#outlet-rows [data-point="' + sent.point + '"]');
        if (cell) fill(cell, sent);
      });
    }, gap);
  });
})();
