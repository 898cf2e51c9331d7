/** Shows what is pushed about one delivery, and leads to its page. It lives in the browser, for the page that asked. */

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("push", (event) => {
  const { title, text, topic } = event.data.json();
  // The latest word about one thing takes the place of the one before, and still makes itself heard.
  const options = { body: text, tag: topic, renotify: true, icon: "/static/icon.svg" };
  event.waitUntil(self.registration.showNotification(title, options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(showPage());
});

/** The page of the delivery is the scope of this worker: nothing that was pushed says where to go. */
async function showPage() {
  const address = self.registration.scope;
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = pages.find(({ url }) => url === address);
  return open ? open.focus() : self.clients.openWindow(address);
}
