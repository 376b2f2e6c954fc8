/* Curves of a vehicle test: one plot a column, one cursor for all, phases shaded. */
(function () {
  "use strict";
  var token = function (name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  };

  function bands(body) {
    return function (u) {
      var ctx = u.ctx, box = u.bbox, start = 0, shade = false;
      ctx.save();
      ctx.fillStyle = token("sunken");
      for (var i = 1; i <= body.t.length; i += 1) {
        if (i < body.t.length && body.phases[i] === body.phases[start]) continue;
        if (shade) {
          var left = u.valToPos(body.t[start], "x", true);
          var right = u.valToPos(body.t[Math.min(i, body.t.length - 1)], "x", true);
          ctx.fillRect(left, box.top, right - left, box.height);
        }
        shade = !shade;
        start = i;
      }
      ctx.restore();
    };
  }

  function mark(second) {
    return function (u) {
      if (Number.isNaN(second)) return;
      var ctx = u.ctx, box = u.bbox, x = Math.round(u.valToPos(second, "x", true));
      ctx.save();
      ctx.strokeStyle = token("crit");
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(x, box.top);
      ctx.lineTo(x, box.top + box.height);
      ctx.stroke();
      ctx.restore();
    };
  }

  function inner(host) {
    var style = getComputedStyle(host);
    return Math.floor(host.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
  }

  /* The head names the column and, under the cursor, its value and second. */
  function head(host, column) {
    var line = document.createElement("p");
    line.className = "note";
    var name = document.createElement("b");
    name.textContent = column.label + (column.unit ? "（" + column.unit + "）" : "");
    var value = document.createElement("span");
    value.className = "num";
    line.append(name, " ", value);
    host.appendChild(line);
    return value;
  }

  function plot(host, body, column, second, sync) {
    var axis = { stroke: token("ink-3"), grid: { stroke: token("line"), width: 1 }, font: "11px sans-serif" };
    var shown = head(host, column);
    return new window.uPlot({
      width: inner(host),
      height: 104,
      legend: { show: false },
      cursor: { sync: { key: sync.key }, y: false },
      scales: { x: { time: false } },
      axes: [Object.assign({ size: 26 }, axis), Object.assign({ size: 56 }, axis)],
      series: [{}, { label: column.label, stroke: token("accent"), width: 1.4, points: { show: false } }],
      hooks: {
        drawClear: [bands(body)],
        draw: [mark(second)],
        setCursor: [function (u) {
          var at = u.cursor.idx, value = at == null ? null : column.values[at];
          shown.textContent = value == null ? "" : value + "，第 " + body.t[at] + " s";
        }],
      },
    }, [body.t, column.values], host);
  }

  function show(host) {
    fetch(host.dataset.inspectionCurve, { credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    }).then(function (body) {
      host.textContent = "";
      var sync = window.uPlot.sync("inspection");
      var second = host.dataset.second === "" ? NaN : Number(host.dataset.second);
      var plots = body.columns.map(function (column) { return plot(host, body, column, second, sync); });
      window.addEventListener("resize", function () {
        plots.forEach(function (one) { one.setSize({ width: inner(host), height: 104 }); });
      });
    }).catch(function (error) {
      host.textContent = "未能读取曲线（" + error.message + "），请刷新页面重试。";
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-inspection-curve]").forEach(show);
  });
}());
