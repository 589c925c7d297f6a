import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import { subjectsOf } from '../../capabilities/access/index.ts';
import {
  type Approval,
  type Approvals,
  approvalsPath,
  decisions,
  type ShownApproval,
} from '../../capabilities/approvals/index.ts';
import type { Acts } from '../../capabilities/audit/index.ts';
import { principalOf, type Signin } from '../../capabilities/signin/index.ts';
import { canonicalJson } from '../../kernel/digest.ts';
import { FairleadError, NotFound } from '../../kernel/errors.ts';
import { isObject, JsonFault, type JsonObject, parseJson } from '../../kernel/json.ts';
import type { Principal } from '../../kernel/principal.ts';
import { readable, unseen } from '../../kernel/readable.ts';
import type { Log } from '../../platform/telemetry/index.ts';
import type { Admission, HttpEnv } from '../http/admission.ts';
import { problemResponse } from '../http/problem.ts';
import { createForms } from '../signin/forms.ts';
import { type Page, respond } from '../signin/layout.ts';
import { perform } from '../signin/records.ts';
import { styleSheet } from '../signin/style.ts';

export interface ApprovalsSurfaceDeps {
  approvals: Pick<Approvals, 'list' | 'show' | 'decide' | 'mayDecide'>;
  signin: Signin;
  acts: Acts;
  log: Log;
  /** A keyed hash, for what a form brings back. */
  sign(text: string): string;
}

const stylePath = `${approvalsPath}/style.css`;
const mostListed = 100;
const longestComment = 2_000;
/** As a form sends them, which has room for a comment besides. */
const longestArguments = 20_000;

/** The pages on which somebody who is signed in looks at calls that wait for consent, and decides. */
export function createApprovalsSurface(deps: ApprovalsSurfaceDeps, admission: Admission): Hono<HttpEnv> {
  const { approvals, signin, acts, log, sign } = deps;
  const app = new Hono<HttpEnv>();
  const secure = signin.publicUrl.startsWith('https:');
  const forms = createForms({ sign: (text) => sign(`approvals ${text}`), path: approvalsPath, secure });

  const show = async (c: Context<HttpEnv>, page: Page) => {
    const response = await respond(stylePath, page);
    for (const cookie of c.res.headers.getSetCookie()) response.headers.append('set-cookie', cookie);
    return response;
  };

  /** Who sits at this browser, in each organisation that the session opens; or the way to sign in. */
  const selves = async (c: Context<HttpEnv>): Promise<Principal[] | Response> => {
    const cookie = c.req.header('cookie');
    const visitor = cookie?.includes('fairlead.session_token')
      ? await (await signin.server()).visitor({ cookie })
      : undefined;
    await signin.roster.wake();
    if (visitor && signin.sso.counts(visitor)) return signin.sso.reach(visitor).map(principalOf);
    return c.redirect(`${signin.paths.signIn}?${new URLSearchParams({ to: new URL(c.req.url).pathname })}`, 303);
  };

  /** An approval with whom of the selves it is for: ids are the same in no two organisations. */
  const lookFor = async (all: readonly Principal[], id: string): Promise<{ one: ShownApproval; self: Principal }> => {
    for (const self of all) {
      try {
        return { one: await approvals.show(self.org, id, self), self };
      } catch (error) {
        if (!NotFound.is(error)) throw error;
      }
    }
    throw NotFound({ what: 'approval', id: id.slice(0, 100) });
  };

  const page = (c: Context<HttpEnv>, one: ShownApproval, fault?: string, status?: number, typed?: string) => {
    const isOpen = one.state === 'pending' || one.state === 'deferred';
    return show(c, {
      title: isOpen ? `Let ${readable(one.asker.name)} call ${one.tool}?` : `${one.tool}: ${words[one.state]}`,
      ...(fault === undefined ? {} : { fault }),
      ...(status === undefined ? {} : { status }),
      content: html`
        <dl>
          <dt>Asked by</dt> <dd>${readable(one.asker.name)} <code>${one.asker.id}</code>${one.subject === one.asker.id ? '' : html`, of <code>${one.subject}</code>`}, in the organisation ${one.org}</dd>
          <dt>Tool</dt> <dd><code>${one.tool}</code>${one.endpoint === undefined ? '' : html` at the endpoint ${one.endpoint}`}</dd>
          ${one.needed > 1 ? html`<dt>Needs</dt> <dd>${one.needed} people who approve</dd>` : ''}
          ${one.approvers ? html`<dt>Decided by</dt> <dd>${one.approvers.join(', ')}</dd>` : ''}
          ${one.backup ? html`<dt>Backup</dt> <dd>${backupWords(one.backup)}</dd>` : ''}
          <dt>Because of</dt> <dd>${one.rule}</dd>
          <dt>Asked at</dt> <dd>${minute(one.createdAt)} UTC${isOpen ? `, open until ${minute(one.expiresAt)} UTC` : ''}</dd>
          ${one.outcome === undefined ? '' : html`<dt>Outcome</dt> <dd>${one.outcome}${one.outcomeUnknown ? ': nobody knows whether it took effect' : ''}</dd>`}
          ${one.reason === undefined ? '' : html`<dt>Why</dt> <dd>${readable(one.reason)}</dd>`}
        </dl>
        <h2>Arguments</h2>
        <pre tabindex="0">${readable(JSON.stringify(one.arguments, null, 2))}</pre>
        ${
          one.editedArguments
            ? html`<h2>Changed to</h2>
        <pre tabindex="0">${readable(JSON.stringify(one.editedArguments, null, 2))}</pre>`
            : ''
        }
        ${one.preview ? html`<h2>What it would change${one.editedArguments ? ', as it was asked for' : ''}</h2>${previewOf(one.preview)}` : ''}
        ${one.decisions.map(({ decision, name, comment, at, edited }) => html`<p class="soft">${minute(at)} UTC: ${name} said ${decision}${edited ? ', with other arguments' : ''}${comment === undefined ? '' : `: ${readable(comment)}`}</p>`)}
        ${isOpen ? decisionForm(c, one, typed) : ''}
        <footer><a href="${approvalsPath}">What else waits</a></footer>
      `,
    });
  };

  const decisionForm = (c: Context<HttpEnv>, one: ShownApproval, typed?: string) => html`
    <p>If you approve, the call is made at once, with just ${one.editedArguments ? 'the changed' : 'these'} arguments.</p>
    <form method="post" action="${approvalsPath}/${one.id}">
      ${forms.field(c)}
      <input type="hidden" name="seen" value="${one.editedDigest ?? one.argumentDigest}" />
      ${argumentsField(typed ?? escaped(one.editedArguments ?? one.arguments), typed !== undefined)}
      <label for="comment">Comment, for who asked</label>
      <textarea id="comment" name="comment" rows="2" maxlength="${longestComment}"></textarea>
      <div class="row">
        <button type="submit" name="decision" value="approve">Approve</button>
        <button type="submit" name="decision" value="reject" class="second">Reject</button>
        <button type="submit" name="decision" value="defer" class="second">Decide later</button>
      </div>
    </form>`;

  app.get(stylePath, (c) =>
    c.body(styleSheet, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=3600' }),
  );

  app.get(approvalsPath, async (c) => {
    const all = await selves(c);
    if (all instanceof Response) return all;
    const waiting = await Promise.all(
      all.map((self) =>
        approvals.list(self.org, {
          states: ['pending', 'deferred'],
          limit: mostListed,
          ...(approvals.mayDecide(self, self.org) ? {} : { of: { id: self.id, subjects: subjectsOf(self) } }),
        }),
      ),
    );
    return show(c, { title: 'Calls that wait for consent', content: listOf(waiting.flat()) });
  });

  app.get(`${approvalsPath}/:id`, async (c) => {
    const all = await selves(c);
    return all instanceof Response ? all : page(c, (await lookFor(all, c.req.param('id'))).one);
  });

  app.post(`${approvalsPath}/:id`, async (c) => {
    const form = await forms.read(c);
    const all = await selves(c);
    if (all instanceof Response) return all;
    const { one, self } = await lookFor(all, c.req.param('id'));
    if (!form) return page(c, one, 'This form was not from here, or too old. Try again.', 400);
    const decision = decisions.find((each) => each === form.get('decision'));
    if (!decision) return page(c, one, 'Say whether you approve or reject.', 400);
    const comment = form.get('comment')?.replaceAll('\0', '').trim().slice(0, longestComment) || undefined;
    const typed = decision === 'approve' ? form.get('arguments')?.trim() || undefined : undefined;
    let edited: JsonObject | undefined;
    try {
      edited = typed === undefined ? undefined : argumentsIn(typed);
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      return page(c, one, `The arguments are not a JSON object: ${error.message}`, 400, typed);
    }
    const seen = form.get('seen');
    const said = { decision, comment, ...(edited ? { arguments: edited } : {}), ...(seen ? { seen } : {}) };
    const { id, tool, argumentDigest, callId } = one;
    const isEdit =
      edited !== undefined && canonicalJson(edited) !== canonicalJson(one.editedArguments ?? one.arguments);
    const deed = {
      action: 'approvals.decide',
      subject: id,
      detail: {
        decision,
        ...(comment ? { comment } : {}),
        ...(isEdit ? { edited: true } : {}),
        tool,
        argumentDigest,
        callId,
      },
    };
    try {
      await perform(c, { acts, admission }, self, deed, () => approvals.decide(self.org, id, self, said));
    } catch (error) {
      if (!(error instanceof FairleadError) || error.spec.status >= 500) throw error;
      const now = await approvals.show(self.org, id, self);
      return page(c, now, `${error.message} ${error.action}`, error.spec.status, isEdit ? typed : undefined);
    }
    return c.redirect(`${approvalsPath}/${id}`, 303);
  });

  // A person reads a page, a program a problem.
  app.onError((error, c) => {
    if (!c.req.header('accept')?.includes('text/html') || !(error instanceof FairleadError))
      return problemResponse(error, log, { signal: c.req.raw.signal });
    const { message, action, spec } = error;
    return show(c, {
      title: 'This did not work',
      fault: message,
      content: html`<p>${action}</p>`,
      status: spec.status,
    });
  });
  return app;
}

function argumentsField(text: string, isOpen: boolean) {
  if (encodeURIComponent(text).length > longestArguments)
    return html`<p class="soft">These arguments are too long to be changed here; on the command line they can be.</p>`;
  return html`<details${isOpen ? ' open' : ''}>
        <summary>Approve with other arguments</summary>
        <label for="arguments">A JSON object that the tool is called with; who asked is told</label>
        <textarea id="arguments" name="arguments" rows="8" spellcheck="false">${text}</textarea>
      </details>`;
}

function listOf(all: readonly Approval[]) {
  if (all.length === 0) return html`<p>Nothing waits.</p>`;
  return html`<ul>
    ${all.map(
      ({ id, tool, asker, org, expiresAt }) =>
        html`<li><a href="${approvalsPath}/${id}">${tool}</a> for ${readable(asker.name)}
          <span class="soft">in ${org}, until ${minute(expiresAt)} UTC</span></li>`,
    )}
  </ul>`;
}

function previewOf(preview: NonNullable<ShownApproval['preview']>) {
  if (preview.state === 'running') return html`<p>It is being looked up; load this page again.</p>`;
  const { state, tool, text = '', cut, reason = '' } = preview;
  if (state === 'none')
    return html`<p>No preview${tool === undefined ? '' : html` by <code>${tool}</code>`}: ${readable(reason)}</p>`;
  return html`<p>By <code>${tool}</code>, when it was asked for${cut ? '; this is only the beginning' : ''}:</p>
    <pre tabindex="0">${readable(text)}</pre>`;
}

function backupWords({ tool, id, failed }: NonNullable<Approval['backup']>) {
  if (id !== undefined) return html`<code>${readable(id)}</code>, made by ${tool} before the call`;
  return failed === undefined ? `is made by ${tool} before the call` : `failed: ${readable(failed)} (${tool})`;
}

const words: Record<Approval['state'], string> = {
  pending: 'waits for a decision',
  deferred: 'waits for a decision',
  approved: 'approved',
  claimed: 'approved, and being made',
  done: 'approved and made',
  failed: 'approved, and failed',
  rejected: 'rejected',
  expired: 'not decided in time',
  void: 'does not count any more',
};

const minute = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** What stands in a field to be changed: JSON that has no letter which cannot be seen. */
function escaped(args: JsonObject): string {
  const units = (text: string) => Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  const hidden = (character: string) =>
    units(character)
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join('');
  return JSON.stringify(args, null, 2).replace(unseen, hidden);
}

/** @throws JsonFault */
function argumentsIn(text: string): JsonObject {
  const value = parseJson(text);
  if (isObject(value)) return value as JsonObject;
  throw new JsonFault('it is something else');
}
