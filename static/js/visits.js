/* The list of visits: keep every visit's page and pack for the road. */
(function () {
  "use strict";
  var bz = window.bz, $ = bz.$, links = bz.$$("[data-visit]");
  var button = $("#vs-download"), told = $("#vs-kept");
  function say(text) { told.hidden = false; told.textContent = text; }
  async function waiting() {
    try {
      var rows = await bz.drafts("visits").all(), shots = await bz.drafts("photos").all();
      var count = rows.filter(function (row) { return Object.keys(row.own).length; }).length;
      if (count || shots.length) say("本机有 " + count + " 项核查、" + shots.length + " 张照片待上传，打开对应核查即自动上传。");
    } catch (error) { say("本机存储不可用，离线时不能填写。"); }
  }
  if (button && links.length && "caches" in window && navigator.serviceWorker) {
    button.hidden = false;
    button.addEventListener("click", async function () {
      await navigator.serviceWorker.ready;
      var kept = 0, cache = await caches.open("pages-1");
      for (var link of links) {
        try {
          var answer = await fetch(link.href, { credentials: "same-origin" });
          if (answer.ok && !answer.redirected) { await cache.put(link.href, answer); kept += 1; }
        } catch (error) { break; }
      }
      await cache.add(location.href).catch(function () {});
      say("已下载 " + kept + " / " + links.length + " 项任务包" + (kept < links.length ? "，网络中断，请稍后再试。" : "，没有信号也能打开。"));
    });
  }
  waiting();
})();
