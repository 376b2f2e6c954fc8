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
  document.addEventListener("DOMContentLoaded", function () {
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
