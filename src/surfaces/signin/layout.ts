import { html } from 'hono/html';

export type Markup = ReturnType<typeof html>;

export interface Page {
  title: string;
  content: Markup | Promise<Markup>;
  /** What went wrong with the last attempt; read out at once by a screen reader, and where the keyboard is. */
  fault?: string;
  status?: number;
  headers?: Record<string, string>;
  /** Where a form may lead besides here: the address that a program waits at. */
  leadsTo?: string | undefined;
}

/** A whole page: plain HTML that needs no script, and a policy that lets none run. */
export async function respond(stylePath: string, page: Page): Promise<Response> {
  const { title, content, fault, status = 200, headers = {}, leadsTo } = page;
  const markup = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${fault === undefined ? title : `Error: ${title}`} - Fairlead</title>
        <link rel="stylesheet" href="${stylePath}" />
      </head>
      <body>
        <main>
          <header>Fairlead</header>
          <h1>${title}</h1>
          ${fault === undefined ? '' : html`<p class="fault" role="alert" id="fault">${fault}</p>`} ${content}
        </main>
      </body>
    </html>`;
  return new Response(String(await markup), {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': [
        "default-src 'none'",
        "style-src 'self'",
        `form-action 'self'${sourceOf(leadsTo)}`,
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ].join('; '),
      // With no referrer at all a browser says "Origin: null" when it sends a form, which is nobody's origin.
      'referrer-policy': 'same-origin',
      ...headers,
    },
  });
}

/**
 * A browser holds every redirect that follows upon a form against its policy, so the program's own address has to stand
 * in it. An IPv6 address cannot: then its scheme does.
 */
function sourceOf(leadsTo: string | undefined): string {
  if (leadsTo === undefined || !URL.canParse(leadsTo)) return '';
  const { protocol, host } = new URL(leadsTo);
  const isWeb = protocol === 'https:' || protocol === 'http:';
  if (!isWeb) return /^[a-z][a-z0-9+.-]*:$/.test(protocol) ? ` ${protocol}` : '';
  return /^[\w.-]+(:\d+)?$/.test(host) ? ` ${protocol}//${host}` : ` ${protocol}`;
}
