{% autoescape off %}/* Offline shell: files of the site are kept, pages come from the network first. */
"use strict";
const SHELL = "shell-{{ version }}";
const PAGES = "pages-1";
const FILES = {{ files }};
const OFFLINE = "{{ offline }}";
const KEPT_PAGES = [/^\/visits\//, /^\/vehicles\/roadchecks\/\d+\/record\//];
{% endautoescape %}
self.addEventListener("install", function (event) {
  event.waitUntil(caches.open(SHELL).then(function (cache) {
    return cache.addAll(FILES.concat([OFFLINE]));
  }).then(function () { return self.skipWaiting(); }));
});

self.addEventListener("activate", function (event) {
  event.waitUntil(caches.keys().then(function (names) {
    return Promise.all(names.filter(function (name) {
      return name !== SHELL && name !== PAGES;
    }).map(function (name) { return caches.delete(name); }));
  }).then(function () { return self.clients.claim(); }));
});

/* A page of another person must not stay on a shared phone. */
self.addEventListener("message", function (event) {
  if (event.data === "forget") event.waitUntil(caches.delete(PAGES));
});

async function page(request) {
  const path = new URL(request.url).pathname;
  try {
    const response = await fetch(request);
    if (response.ok && !response.redirected && KEPT_PAGES.some(function (rule) { return rule.test(path); })) {
      const cache = await caches.open(PAGES);
      await cache.put(request, response.clone());
    }
    return response;
  } catch (error) {
    const kept = await caches.open(PAGES).then(function (cache) { return cache.match(request, { ignoreSearch: true }); });
    return kept || caches.match(OFFLINE);
  }
}

/* A name with a digest never changes its content; any other name is asked for first. */
async function file(request) {
  const kept = await caches.match(request);
  if (kept && /\.[0-9a-f]{12}\./.test(request.url)) return kept;
  try { return await fetch(request); } catch (error) { return kept || Response.error(); }
}

self.addEventListener("fetch", function (event) {
  const request = event.request;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") { event.respondWith(page(request)); return; }
  if (address.pathname.startsWith("/static/")) event.respondWith(file(request));
});

/* Web Push: type, district and a link, nothing else; the page says the rest. */
self.addEventListener("push", function (event) {
  let told = {};
  try { told = event.data ? event.data.json() : {}; } catch (error) { told = { body: event.data.text() }; }
  const title = String(told.title || "新预警");
  event.waitUntil(self.registration.showNotification(title, {
    body: String(told.body || ""), tag: String(told.url || title), icon: "{{ icon }}",
    data: { url: String(told.url || "/alerts/") },
  }));
});

self.addEventListener("notificationclick", function (event) {
  event.notification.close();
  const url = new URL(event.notification.data.url, self.location.origin);
  if (url.origin !== self.location.origin) return;
  event.waitUntil(self.clients.matchAll({ type: "window" }).then(function (windows) {
    const open = windows.find(function (one) { return "focus" in one; });
    if (!open) return self.clients.openWindow(url.href);
    return open.focus().then(function () { return open.navigate(url.href); });
  }));
});
