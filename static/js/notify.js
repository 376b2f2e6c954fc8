/* Messages for this person: shown by the system, said back to the server. */
(function () {
  "use strict";
  var bz = window.bz;
  function say(message) {
    var socket = bz.alertSocket;
    if (socket && socket.open) socket.ws.send(JSON.stringify(message));
  }
  function show(message) {
    if (message.token) say({ type: "received", token: message.token });
    if (!("Notification" in window) || Notification.permission !== "granted") {
      bz.toast(message.title + "：" + message.body);
      return;
    }
    var note = new Notification(message.title, {
      body: message.body, tag: "alert-" + (message.alert || message.token),
      requireInteraction: message.severity === "critical",
    });
    note.addEventListener("click", function () {
      if (message.token) say({ type: "opened", token: message.token });
      window.focus();
      location.href = message.url;
      note.close();
    });
  }
  document.addEventListener("bz:alert", function (event) {
    if (event.detail.type === "notify") show(event.detail);
  });
  /* ---- Web Push of this browser ---- */
  var API = "/api/v1/push/";
  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, function (c) { return c.charCodeAt(0); });
  }
  function json(method, body) {
    return bz.fetch(API, { method: method, headers: { Accept: "application/json", "Content-Type": "application/json" }, body: body ? JSON.stringify(body) : undefined });
  }
  async function register(worker, key) {
    var own = await worker.pushManager.getSubscription() ||
      await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
    var given = own.toJSON();
    await json("POST", { endpoint: given.endpoint, p256dh: given.keys.p256dh, auth: given.keys.auth, browser: navigator.userAgent.slice(0, 200) });
  }
  async function forget(worker) {
    var own = await worker.pushManager.getSubscription();
    if (!own) return;
    await json("DELETE", { endpoint: own.endpoint });
    await own.unsubscribe();
  }
  async function push(box) {
    var words = bz.$("[data-push-state]", box), button = bz.$("[data-push-switch]", box);
    var say2 = function (text) { words.textContent = text; };
    if (!("serviceWorker" in navigator) || !("PushManager" in window)) { say2("此浏览器不支持推送，请用企业微信或短信接收。"); return; }
    var answer = await (await json("GET")).json();
    if (!answer.key) { say2("平台未启用 Web Push。"); return; }
    var worker = await navigator.serviceWorker.ready;
    async function show2() {
      var on = Boolean(await worker.pushManager.getSubscription());
      say2(on ? "此浏览器已登记推送。" : "此浏览器未登记推送。");
      button.textContent = on ? "停止推送" : "登记此浏览器";
      button.hidden = false;
      return on;
    }
    await show2();
    button.addEventListener("click", async function () {
      button.disabled = true;
      try {
        if (await worker.pushManager.getSubscription()) await forget(worker);
        else if (await Notification.requestPermission() !== "granted") { say2("浏览器未允许通知。"); button.disabled = false; return; }
        else await register(worker, answer.key);
        await show2();
      } catch (error) {
        say2("未能登记：此浏览器的推送服务不可达，请用企业微信或短信接收。");
      }
      button.disabled = false;
    });
  }
  document.addEventListener("DOMContentLoaded", function () {
    var box = bz.$("[data-push]");
    if (box) push(box).catch(function (error) { bz.$("[data-push-state]", box).textContent = "推送状态未知：" + error.message; });
    var button = bz.$("[data-notify]");
    if (!button || !("Notification" in window) || Notification.permission !== "default") return;
    button.hidden = false;
    button.addEventListener("click", function () {
      Notification.requestPermission().then(function (answer) {
        button.hidden = answer !== "default";
        bz.toast(answer === "granted" ? "已允许浏览器通知" : "浏览器未允许通知，消息将显示在页面内");
      });
    });
  });
})();
