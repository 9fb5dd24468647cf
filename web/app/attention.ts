/** The unread count where it is seen from elsewhere: in the title, and on the app's icon. */

export function showCount(title: string, count: number): void {
  document.title = count > 0 ? `(${count}) ${title}` : title;
  // Not in every browser; and in those, only for apps that are installed.
  if (!('setAppBadge' in navigator)) return;
  const shown = count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge();
  shown.catch(notInstalled);
}

function notInstalled(): void {}
