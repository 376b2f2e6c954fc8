/* What a page writes while there is no signal: IndexedDB, one database for all pages. */
(function () {
  "use strict";
  var bz = window.bz;
  var NAME = "bozhou-field", STORES = ["visits", "photos", "checks"];

  function open() {
    return new Promise(function (done, fail) {
      var ask = indexedDB.open(NAME, 2);
      ask.onupgradeneeded = function () {
        STORES.forEach(function (name) {
          if (!ask.result.objectStoreNames.contains(name)) ask.result.createObjectStore(name, { keyPath: "id" });
        });
      };
      ask.onsuccess = function () {
        ask.result.onversionchange = function () { ask.result.close(); };
        done(ask.result);
      };
      ask.onerror = function () { fail(ask.error); };
      ask.onblocked = function () { fail(new Error("本机存储被另一页面占用，请关闭其他标签页")); };
    });
  }
  async function within(store, mode, act) {
    var base = await open();
    return new Promise(function (done, fail) {
      var move = base.transaction(store, mode, mode === "readwrite" ? { durability: "strict" } : undefined);
      var ask = act(move.objectStore(store));
      move.oncomplete = function () { base.close(); done(ask && ask.result); };
      move.onerror = move.onabort = function () { base.close(); fail(move.error || new Error("本机存储已满")); };
    });
  }
  /* Rows are kept under the person and the id: another person on the same phone neither sees nor overwrites them. */
  bz.drafts = function (store) {
    var user = document.body.dataset.user || "";
    function key(id) { return user + ":" + id; }
    function own(row) { return Object.assign({}, row, { id: row.name }); }
    return {
      put: function (row) { return within(store, "readwrite", function (s) { return s.put(Object.assign({}, row, { id: key(row.id), name: row.id, user: user })); }); },
      drop: function (id) { return within(store, "readwrite", function (s) { return s.delete(key(id)); }); },
      get: async function (id) {
        var row = await within(store, "readonly", function (s) { return s.get(key(id)); });
        return row ? own(row) : undefined;
      },
      all: async function () {
        var rows = await within(store, "readonly", function (s) { return s.getAll(); });
        return rows.filter(function (row) { return row.user === user; }).map(own);
      },
    };
  };
  bz.uuid = function () {
    if (crypto.randomUUID) return crypto.randomUUID();
    var b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 15) | 64; b[8] = (b[8] & 63) | 128;
    var h = Array.from(b, function (x) { return x.toString(16).padStart(2, "0"); }).join("");
    return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join("-");
  };
  bz.sha256 = async function (blob) {
    var digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
    return Array.from(new Uint8Array(digest), function (x) { return x.toString(16).padStart(2, "0"); }).join("");
  };
  /* A weak signal must be enough: at most 1920 px, JPEG. A picture that cannot be read is kept as it is. */
  bz.smaller = async function (file) {
    try {
      var picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      var scale = Math.min(1, 1920 / Math.max(picture.width, picture.height));
      if (scale === 1 && file.size < 1500000 && /jpeg|png/.test(file.type)) return file;
      var canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return await new Promise(function (done) { canvas.toBlob(function (blob) { done(blob || file); }, "image/jpeg", 0.85); });
    } catch (error) { return file; }
  };
})();
