/* WebSockets that come back: reconnect with growing pauses, then fetch what was missed. */
(function () {
  "use strict";
  var bz = window.bz;
  var sockets = [];
  var lastAt = null;
  var ended = false; // the sign-in is over: a socket that was open is refused

  function show() {
    var place = bz.$("#live-state");
    if (!place || !(sockets.length || ended)) return;
    var lost = ended || sockets.some(function (s) { return !s.open; });
    place.dataset.state = lost ? "lost" : "open";
    var words = bz.$(".w", place);
    var text;
    if (ended) text = "登录已结束，请刷新页面";
    else if (lost) text = navigator.onLine === false ? "网络断开" : "连接中断，正在重连";
    else if (lastAt === null) text = "实时";
    else {
      var age = Math.max(0, Math.round((Date.now() - lastAt) / 1000));
      text = "实时 · " + (age < 60 ? age + " 秒" : Math.floor(age / 60) + " 分钟") + "前更新";
    }
    if (words.textContent !== text) words.textContent = text;
    place.title = text;
  }
  setInterval(show, 1000);

  /*
   * Open `path`; `hear(message)` gets each JSON message, `gap()` is called after every
   * reconnection, because messages may have been missed. A socket that stays silent after
   * a ping is taken for dead.
   */
  bz.listen = function (path, hear, gap) {
    var socket = { open: false, tries: 0, heard: 0, pongs: false, ws: null };
    sockets.push(socket);
    function connect() {
      var scheme = location.protocol === "https:" ? "wss://" : "ws://";
      var ws = new WebSocket(scheme + location.host + path);
      socket.ws = ws;
      ws.addEventListener("open", function () {
        var again = socket.tries > 0;
        socket.open = true;
        socket.tries = 0;
        socket.heard = Date.now();
        document.dispatchEvent(new CustomEvent("bz:live-open", { detail: { path: path, again: again } }));
        if (again && gap) gap();
        show();
      });
      ws.addEventListener("message", function (event) {
        socket.heard = Date.now();
        var message = JSON.parse(event.data);
        if (message.type === "pong") { socket.pongs = true; return; }
        lastAt = Date.now();
        hear(message);
        show();
      });
      ws.addEventListener("close", function (event) {
        if (socket.ws !== ws) return;
        socket.open = false;
        socket.tries += 1;
        if (event.code === 4401) ended = true;
        show();
        if (event.code === 4403 || event.code === 4401) { sockets.splice(sockets.indexOf(socket), 1); return; }
        var pause = Math.min(30000, 500 * Math.pow(1.8, socket.tries)) * (0.7 + Math.random() * 0.6);
        socket.timer = setTimeout(connect, pause);
      });
    }
    function hurry() {
      if (socket.open) return;
      clearTimeout(socket.timer);
      if (!socket.ws || socket.ws.readyState > 1) connect();
    }
    setInterval(function () {
      if (!socket.open) return;
      if (socket.pongs && Date.now() - socket.heard > 45000) { socket.ws.close(); return; }
      socket.ws.send('{"type":"ping"}');
    }, 20000);
    window.addEventListener("online", hurry);
    document.addEventListener("visibilitychange", function () { if (!document.hidden) hurry(); });
    window.addEventListener("offline", show);
    connect();
    return socket;
  };

  /*
   * Put fragments where nobody is reading: while the pointer or the focus is inside `place`
   * the change waits behind a button that says how many there are.
   */
  bz.patient = function (place, button, apply) {
    var waiting = 0;
    function busy() { return place.matches(":hover") || place.contains(document.activeElement); }
    function release() {
      if (!waiting) return;
      waiting = 0;
      button.hidden = true;
      apply();
    }
    button.addEventListener("click", release);
    place.addEventListener("mouseleave", function () { if (!place.contains(document.activeElement)) release(); });
    return function (count) {
      if (!busy()) { waiting = 0; apply(); return; }
      waiting += count || 1;
      button.textContent = waiting + " 条新预警";
      button.hidden = false;
    };
  };
})();
