const maxLength = 2_000;

/** The form by which addresses of pages compare: without fragment, and without query unless that counts. */
export function pageAddress(href: string, base: URL, { query }: { query: boolean }): URL | undefined {
  const trimmed = href.trim();
  if (trimmed.length > maxLength || !URL.canParse(trimmed, base.href)) return undefined;
  const url = new URL(trimmed, base);
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.username || url.password) return undefined;
  url.hash = '';
  if (!query) url.search = '';
  // Letters that need no escape are the same with and without it.
  url.pathname = url.pathname
    .replace(/%[\da-f]{2}/gi, (code) => {
      const char = String.fromCharCode(Number.parseInt(code.slice(1), 16));
      return /[\w.~-]/.test(char) ? char : code.toUpperCase();
    })
    .replace(/\/{2,}/g, '/');
  return url;
}

/** One host and port; from http to https is no step away. */
export function isSameSite(url: URL, root: URL): boolean {
  return url.host === root.host && (url.protocol === root.protocol || url.protocol === 'https:');
}

/** The path as people write it in patterns, without the slash in front. */
export function pathOf(url: URL): string {
  const path = url.pathname.slice(1);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
