import { approvalsPath } from '../../capabilities/approvals/index.ts';
import { connectionPaths } from '../../capabilities/credentials/index.ts';
import type { PageDeps } from './deps.ts';

/** On with what the program asked for, or back to the page of ours that wanted to know who it is. */
export function nextOf(query: URLSearchParams, { signin: { paths } }: Pick<PageDeps, 'signin'>): string {
  if (!query.has('client_id')) {
    const to = within(query.get('to') ?? '');
    const isOurs = [`${paths.device}?`, `${connectionPaths.start}?`, `${connectionPaths.callback}?`].some((begin) =>
      to.startsWith(begin),
    );
    if (to === approvalsPath || to.startsWith(`${approvalsPath}/`)) return to;
    return isOurs || to === paths.device ? to : paths.account;
  }
  return `${paths.base}/oauth2/authorize?${askedFirst(query)}`;
}

/** The path and query as a browser would read them, here and in what a header can hold; empty for what leads out. */
function within(to: string): string {
  const here = 'http://here';
  if (!to.startsWith('/') || !URL.canParse(to, here)) return '';
  const { origin, pathname, search } = new URL(to, here);
  return origin === here && !pathname.startsWith('//') ? `${pathname}${search}` : '';
}

/** The request as the program made it: its signature has an end, and that somebody should sign in now is done. */
export function askedFirst(query: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams([...query].filter(([name]) => !/^(sig|exp|ba_\w+|max_age|org)$/.test(name)));
  const prompts = (next.get('prompt') ?? '').split(' ').filter((prompt) => prompt === 'consent');
  next.delete('prompt');
  if (prompts.length > 0) next.set('prompt', 'consent');
  return next;
}
