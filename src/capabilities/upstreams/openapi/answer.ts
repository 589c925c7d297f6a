import { isObject, type Json, type JsonObject, parseJson } from '../../../kernel/json.ts';
import { bounded } from '../failures.ts';
import { ApiRefusal } from './faults.ts';
import { nextPage } from './pages.ts';
import { isJson } from './parameters.ts';
import type { OperationPlan } from './plan.ts';

/** `_meta` key under which a result says with which arguments the next page is called. */
const nextKey = 'dev.fairlead/next';

/** An answer of the API, read to its end. */
export interface ApiAnswer {
  status: number;
  statusText: string;
  headers: Headers;
  body: Uint8Array;
}

interface Asked {
  plan: OperationPlan;
  args: JsonObject;
  url: string;
  /** Takes secrets out of text. */
  redact(text: string): string;
  nowMs: number;
}

/** The result of a call from the answer of the API. Throws `ApiRefusal` where a further try may help. */
export function resultOf(answer: ApiAnswer, asked: Asked): JsonObject {
  const { status } = answer;
  if (status >= 200 && status < 300) return success(answer, asked);
  const retryAfterSeconds = waitOf(answer, asked.nowMs);
  const limits = status === 429 || (status === 403 && retryAfterSeconds !== undefined);
  const result = refusal(answer, asked, limits, retryAfterSeconds);
  if (limits || status === 408 || status >= 500) throw new ApiRefusal(status, limits, retryAfterSeconds, result);
  return result;
}

function success(answer: ApiAnswer, { plan, args, url, redact }: Asked): JsonObject {
  const { headers, body } = answer;
  const link = headers.get('link');
  if (plan.method === 'HEAD') return aboutHead(answer, redact);
  if (body.length === 0) return withPromise(plan, { content: [textBlock(withoutBody(answer, redact))] }, {});
  const type = mediaTypeOf(headers);
  if (!isText(type)) {
    const [media = ''] = type.split('/');
    const data = Buffer.from(body).toString('base64');
    const isMedia = media === 'image' || media === 'audio';
    const uri = url.replace(/[?#].*$/, '');
    const block: JsonObject = isMedia
      ? { type: media, data, mimeType: type }
      : { type: 'resource', resource: { uri, mimeType: type, blob: data } };
    return withPromise(plan, { content: [block] }, {});
  }
  const text = redact(decode(body, headers));
  const parsed = isJson(type) || type === '' ? tryJson(text, redact) : undefined;
  if (parsed === undefined) return withPromise(plan, { content: [textBlock(text)] }, { result: text });
  const next = nextPage({ plan, args, url, link, body: parsed.value });
  return {
    content: [textBlock(parsed.text), ...(next ? [textBlock(nextText(next.arguments))] : [])],
    structuredContent: isObject(parsed.value) ? (parsed.value as JsonObject) : { result: parsed.value },
    ...(next?.arguments ? { _meta: { [nextKey]: { arguments: next.arguments } } } : {}),
  };
}

/** A tool that promises structured content gives it whatever the API sent. */
function withPromise({ promisesOutput }: OperationPlan, result: JsonObject, structured: JsonObject): JsonObject {
  return promisesOutput ? { ...result, structuredContent: structured } : result;
}

/** The head of the answer is all that was asked for. */
function aboutHead(answer: ApiAnswer, redact: (text: string) => string): JsonObject {
  const headers = [...answer.headers].filter(([name]) => name !== 'set-cookie');
  const told = {
    status: answer.status,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, redact(value)])),
  };
  return { content: [textBlock(JSON.stringify(told))], structuredContent: told };
}

function withoutBody({ status, statusText, headers }: ApiAnswer, redact: (text: string) => string): string {
  const location = headers.get('location');
  const target = location ? `; see ${bounded(redact(location), 300)}` : '.';
  return `The API answered ${status} ${redact(statusText)}`.trimEnd() + target;
}

function nextText(args: JsonObject | undefined): string {
  return args
    ? `There is a further page: call again with ${JSON.stringify(args)} and the other arguments as they were.`
    : 'There is a further page, to which no argument of this tool leads: narrow down what you ask for.';
}

function refusal(answer: ApiAnswer, asked: Asked, limits: boolean, retryAfterSeconds: number | undefined): JsonObject {
  const { status, statusText, headers, body } = answer;
  const type = mediaTypeOf(headers);
  const text = isText(type) ? asked.redact(decode(body, headers)) : '';
  const value = tryJson(text, asked.redact)?.value;
  const said = value === undefined ? (/html/.test(type) ? '' : text) : messageOf(value);
  const message = bounded(said, 1_000);
  const location = headers.get('location');
  const target = status < 400 && location ? ` It points to ${bounded(asked.redact(location), 300)}.` : '';
  const about = `The API answered ${status} ${asked.redact(statusText)}`.trimEnd() + (message ? `: ${message}` : '');
  const whole = isObject(value) || Array.isArray(value) ? JSON.stringify(value) : '';
  const short = whole !== '' && whole.length <= maxErrorLength;
  return {
    isError: true,
    content: [
      textBlock(`${about.replace(/\.?$/, '.')}${target} ${adviceOn(status, limits, retryAfterSeconds, asked.plan)}`),
      // The fields that are at fault stand in the rest of it.
      ...(short && whole.length > said.length + 20 ? [textBlock(whole)] : []),
    ],
    structuredContent: {
      status,
      ...(message ? { message } : {}),
      ...(retryAfterSeconds === undefined ? {} : { retryAfter: retryAfterSeconds }),
      ...(short ? { body: value as Json } : {}),
    },
  };
}

const maxErrorLength = 8 * 1024;

const advice: Record<number, string> = {
  400: 'Correct the arguments as it says and call again.',
  401: 'The credentials that Fairlead has for this API do not count: ask an administrator to renew them.',
  403: 'The credentials that Fairlead has for this API may not do this: ask for something else, or ask an administrator.',
  404: 'Check the names and ids in the arguments: there is no such thing, or the credentials may not see it.',
  405: 'The API does not do this: use another tool.',
  409: 'Something else is in the way: read the present state, then decide again.',
  410: 'It is gone for good: do not ask for it again.',
  412: 'It has changed meanwhile: read the present state, then decide again.',
  413: 'Send less at once.',
  422: 'Correct the arguments as it says and call again.',
};

function adviceOn(status: number, limits: boolean, waitSeconds: number | undefined, plan: OperationPlan): string {
  if (limits) {
    const wait = waitSeconds === undefined ? 'Wait' : `Wait ${waitSeconds} s`;
    return `${wait}, then call again with fewer calls at once.`;
  }
  if (status >= 500 || status === 408) {
    const changes = plan.method !== 'GET' && plan.method !== 'HEAD';
    const later = waitSeconds === undefined ? 'Try again later.' : `Try again in ${waitSeconds} s.`;
    return changes ? `${later} The change may have been made: check before you repeat it.` : later;
  }
  if (status < 400) return 'This tool does not go there: use another one.';
  return advice[status] ?? 'Read what it says, change the call accordingly and try again.';
}

/** What an error body says to people, in one of the usual places (RFC 9457 among them). */
function messageOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.slice(0, 3).map(messageOf).filter(Boolean).join('; ');
  if (!isObject(value)) return '';
  if (typeof value.title === 'string' && typeof value.detail === 'string') return `${value.title}: ${value.detail}`;
  for (const key of [
    'message',
    'error_description',
    'detail',
    'error',
    'errors',
    'title',
    'msg',
    'reason',
    'description',
  ]) {
    const found = messageOf(value[key]);
    if (found) return found;
  }
  return '';
}

/** Seconds to wait, by `Retry-After` or by the end of a spent rate limit. */
function waitOf({ headers }: ApiAnswer, nowMs: number): number | undefined {
  const given = headers.get('retry-after')?.trim();
  if (given) {
    const seconds = /^\d+$/.test(given) ? Number(given) : (Date.parse(given) - nowMs) / 1_000;
    if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  }
  if (headers.get('x-ratelimit-remaining') !== '0') return undefined;
  const reset = Number(headers.get('x-ratelimit-reset'));
  if (!Number.isFinite(reset) || reset <= 0) return undefined;
  // Some say when, in seconds since the epoch, and some how long.
  return Math.max(0, Math.ceil(reset > 1e9 ? reset - nowMs / 1_000 : reset));
}

function mediaTypeOf(headers: Headers): string {
  const [type = ''] = (headers.get('content-type') ?? '').toLowerCase().split(';');
  return type.trim();
}

function isText(type: string): boolean {
  return (
    type === '' ||
    isJson(type) ||
    /^text\/|[/+](xml|yaml|javascript|csv|x-ndjson|x-yaml|graphql|x-www-form-urlencoded)$/.test(type)
  );
}

function decode(body: Uint8Array, headers: Headers): string {
  const charset = /charset="?([\w.:-]+)/i.exec(headers.get('content-type') ?? '')?.[1];
  try {
    return new TextDecoder(charset ?? 'utf-8').decode(body);
  } catch {
    return new TextDecoder().decode(body); // a charset that nobody knows
  }
}

/** As a value, and as text without blanks, unless that would round a number that is longer than ours can be. */
function tryJson(text: string, redact: (text: string) => string): { value: Json; text: string } | undefined {
  try {
    const value = parseJson(text) as Json;
    const plain = JSON.stringify(value);
    // A secret may be spelled with escapes, which end here.
    const clean = text.includes('\\') ? redact(plain) : plain;
    if (clean !== plain) return { value: parseJson(clean) as Json, text: clean };
    return { value, text: /\d{16}/.test(text) ? text : plain };
  } catch {
    return undefined;
  }
}

function textBlock(text: string): JsonObject {
  return { type: 'text', text };
}
