/* Time series on uPlot: limit line, shaded marks, gaps kept, what lies beyond in red. */
(function () {
  "use strict";
  var bz = window.bz;
  var two = function (n) { return String(n).padStart(2, "0"); };
  /* All times are Beijing time, whatever zone the computer is set to. */
  var beijing = function (at) { return new Date((at + 8 * 3600) * 1000); };
  bz.clock = function (at) { var d = beijing(at); return two(d.getUTCHours()) + ":" + two(d.getUTCMinutes()); };
  bz.day = function (at) { var d = beijing(at); return two(d.getUTCMonth() + 1) + "-" + two(d.getUTCDate()); };
  bz.figure = function (value) {
    if (value === null || value === undefined) return "—";
    if (Math.abs(value) >= 10000) return (value / 10000).toFixed(1) + " 万";
    var size = Math.abs(value), digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
    return String(Number(value.toFixed(digits))).replace("-", "−");
  };

  function merge(series) {
    /* uPlot wants one time axis; undefined means "no sample here", null means "a gap". */
    var all = new Map();
    series.forEach(function (one, index) {
      one.times.forEach(function (at, i) {
        var row = all.get(at) || new Array(series.length).fill(undefined);
        row[index] = one.values[i];
        all.set(at, row);
      });
    });
    var times = Array.from(all.keys()).sort(function (a, b) { return a - b; });
    return [times].concat(series.map(function (_, index) {
      return times.map(function (at) { return all.get(at)[index]; });
    }));
  }

  function marks(flags) {
    return function (u) {
      var ctx = u.ctx, box = u.bbox;
      ctx.save();
      ctx.font = 11 * devicePixelRatio + "px " + bz.token("font");
      ctx.textAlign = "center";
      ctx.textBaseline = "top";
      flags.forEach(function (flag) {
        var left = Math.max(u.valToPos(flag.from, "x", true), box.left);
        var right = Math.min(u.valToPos(flag.to, "x", true), box.left + box.width);
        if (right <= left) return;
        ctx.fillStyle = bz.token(flag.flag === "B" || flag.flag === "D" ? "crit-soft" : "band");
        ctx.fillRect(left, box.top, right - left, box.height);
        if (right - left > 10 * devicePixelRatio) {
          ctx.fillStyle = bz.token("ink-3");
          ctx.fillText(flag.word, (left + right) / 2, box.top + 4 * devicePixelRatio);
        }
      });
      ctx.restore();
    };
  }

  function line(u, value, text) {
    if (value === null || value === undefined) return;
    var ctx = u.ctx, box = u.bbox, y = Math.round(u.valToPos(value, "y", true));
    if (y < box.top - 1 || y > box.top + box.height + 1) return;
    ctx.save();
    ctx.strokeStyle = bz.token("ink");
    ctx.lineWidth = 1.2 * devicePixelRatio;
    ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(box.left, y);
    ctx.lineTo(box.left + box.width, y);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = bz.token("ink");
    ctx.font = 11 * devicePixelRatio + "px " + bz.token("font");
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillText(text, box.left + box.width + 6 * devicePixelRatio, y);
    ctx.restore();
  }

  /* Redraw in red whatever part of a series lies beyond the limits. */
  function beyond(u, index, limit) {
    var ctx = u.ctx, box = u.bbox;
    [["high", -1], ["low", 1]].forEach(function (side) {
      var bound = limit && limit[side[0]];
      if (bound === null || bound === undefined) return;
      var y = u.valToPos(bound, "y", true);
      var top = side[1] < 0 ? box.top : Math.max(y, box.top);
      var bottom = side[1] < 0 ? Math.min(y, box.top + box.height) : box.top + box.height;
      if (bottom <= top) return;
      var paths = u.series[index]._paths;
      if (!paths || !paths.stroke) return;
      ctx.save();
      ctx.beginPath();
      ctx.rect(box.left, top, box.width, bottom - top);
      ctx.clip();
      if (paths.clip) ctx.clip(paths.clip); /* gaps stay open */
      ctx.setLineDash([]);
      ctx.strokeStyle = bz.token("crit");
      ctx.lineWidth = 2.2 * devicePixelRatio;
      ctx.stroke(paths.stroke);
      ctx.restore();
    });
  }

  /*
   * Draw into `place`. options: series [{label, times, values, colour, width, stepped}],
   * limit {low, high, text}, flags [{from, to, flag, word}], unit, start, end, long,
   * bands [[upper, lower, colour]] by index of series, pick(at) for a click on the plot.
   * Returns {destroy, point(at)}.
   */
  bz.chart = function (place, options) {
    var plot = null;
    var narrow = function () { return place.clientWidth < 560; };
    function draw() {
      if (plot) plot.destroy();
      plot = null;
      place.replaceChildren();
      var ink = bz.token("ink-3"), lineColour = bz.token("line");
      var limit = options.limit;
      var highest = function (low, high) {
        var top = high === null ? 1 : high, bottom = low === null ? 0 : Math.min(0, low);
        if (limit && limit.high !== null) top = Math.max(top, limit.high * 1.15);
        if (limit && limit.low !== null && low !== null) bottom = Math.min(low, limit.low) * 0.9;
        else if (low !== null && low > 0 && low > top * 0.6) bottom = low * 0.9;
        return [bottom, top + (top - bottom) * 0.08];
      };
      var axis = {
        stroke: ink, font: "11px " + bz.token("font"), grid: { stroke: lineColour, width: 1 },
        ticks: { show: false }, border: { show: false },
      };
      var data = merge(options.series);
      plot = new window.uPlot({
        width: Math.max(place.clientWidth, 200),
        height: Math.max(place.clientHeight - 26, 160),
        padding: [10, narrow() ? 48 : 88, 0, 0],
        legend: { live: true },
        cursor: { points: { size: 6 }, sync: options.sync ? { key: options.sync } : undefined, drag: { x: false, y: false } },
        scales: { x: { time: true, range: [options.start, options.end] }, y: { range: function (_u, low, high) { return highest(low, high); } } },
        axes: [
          Object.assign({}, axis, {
            grid: { show: false }, size: 26, space: narrow() ? 64 : 90,
            values: function (_u, splits) { return splits.map(function (at) { return options.long ? bz.day(at) : bz.clock(at); }); },
            splits: function (_u, _i, from, to) {
              var step = options.long ? 86400 * Math.ceil((to - from) / 86400 / (narrow() ? 4 : 10)) : narrow() ? 21600 : 10800;
              var out = [], at = Math.ceil((from + 28800) / step) * step - 28800;
              for (; at <= to; at += step) out.push(at);
              return out;
            },
          }),
          Object.assign({}, axis, { size: narrow() ? 48 : 56, values: function (_u, splits) { return splits.map(bz.figure); } }),
        ],
        series: [{
          label: "时间",
          value: function (_u, at) { return at === null || at === undefined ? "—" : bz.day(at) + " " + bz.clock(at); },
        }].concat(options.series.map(function (one) {
          return {
            label: one.label, stroke: bz.token(one.colour || "c1"), width: one.width || 1.4, spanGaps: false,
            points: { show: false }, dash: one.dash,
            paths: one.stepped ? window.uPlot.paths.stepped({ align: 1 }) : undefined,
            value: function (_u, value) { return value === null || value === undefined ? "—" : bz.figure(value) + " " + (options.unit || ""); },
          };
        })),
        bands: (options.bands || []).map(function (band) {
          return { series: [band[0] + 1, band[1] + 1], fill: bz.token(band[2]) + "2e" };
        }),
        hooks: {
          drawClear: [marks(options.flags || [])],
          draw: [function (u) {
            options.series.forEach(function (one, index) { if (!one.quiet) beyond(u, index + 1, limit); });
            if (!limit) return;
            line(u, limit.high, narrow() ? bz.figure(limit.high) : (limit.kind || "限值") + " " + bz.figure(limit.high));
            line(u, limit.low, narrow() ? bz.figure(limit.low) : (limit.kind || "限值") + " " + bz.figure(limit.low));
          }],
        },
      }, data, place);
      bz.$$(".u-series", plot.root).forEach(function (row, index) {
        if (index && options.series[index - 1].quiet) row.classList.add("quiet");
      });
      if (options.pick) plot.over.addEventListener("click", function () {
        if (plot.cursor.left >= 0) options.pick(plot.posToVal(plot.cursor.left, "x"));
      });
    }
    var timer = null;
    var resize = new ResizeObserver(function () { clearTimeout(timer); timer = setTimeout(draw, 120); });
    draw();
    resize.observe(place);
    document.addEventListener("bz:theme", draw);
    return {
      /* Put the cursor at a moment, as another view of the same time asks. */
      point: function (at) {
        if (plot) plot.setCursor({ left: plot.valToPos(at, "x"), top: plot.over.clientHeight / 2 });
      },
      destroy: function () {
        resize.disconnect();
        document.removeEventListener("bz:theme", draw);
        if (plot) plot.destroy();
        place.replaceChildren();
      },
    };
  };
})();
