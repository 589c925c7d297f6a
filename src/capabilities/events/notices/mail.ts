import type { SendMailOptions } from 'nodemailer';
import type { EmailSettings } from '../../../config/schema.ts';
import { DeliveryFault, type Destination, type Told, type Transport } from '../../../kernel/events.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { htmlText, plainText } from './mailtext.ts';
import { type NoticeDeps, noticeOf } from './notice.ts';

export interface MailDeps extends NoticeDeps {
  log: Log;
  /** Where the members of an organisation are reached whom something concerns, such as `team:ops`. */
  addressesOf(org: OrgId, to: readonly string[]): Promise<readonly string[]>;
}

/** Servers refuse a message for more than a hundred at once. */
const atOnce = 50;
const rememberedEvents = 1_000;

/**
 * Sends what people read of an event to those whom it concerns, each of whom sees nobody else's address. A further try goes to
 * those alone who did not get it by this server before.
 */
export function createMail({ log, addressesOf, stillStands }: MailDeps): Transport<EmailSettings> {
  const got = new Map<string, Set<string>>();
  const hadBy = (destination: Destination, event: Told): Set<string> => {
    const key = `${destination.org} ${destination.name} ${event.id}`;
    const had = got.get(key) ?? new Set();
    got.set(key, had);
    for (const oldest of got.keys()) if (got.size > rememberedEvents) got.delete(oldest);
    return had;
  };

  return {
    async deliver(destination, event, signal) {
      if (!(await stillStands(event))) return;
      const { settings, org } = destination;
      const all = new Set([...settings.to, ...(await addressesOf(org, event.to ?? []))]);
      const had = hadBy(destination, event);
      const left = [...all].filter((address) => !had.has(address));
      for (let from = 0; from < left.length; from += atOnce) {
        const some = left.slice(from, from + atOnce);
        const refused = await send(settings, messageFor(destination, event, some), signal);
        for (const address of some) if (!refused.has(address)) had.add(address);
        const passing = [...refused.values()].find((status) => status < 500);
        if (passing !== undefined) throw new DeliveryFault(saying(passing), { retryable: true, status: passing });
        if (refused.size > 0)
          log.warn(
            { orgId: org, destination: destination.name, event: event.id, refused: refused.size },
            'a mail server refuses some of those whom an event concerns',
          );
      }
    },
  };
}

function messageFor({ settings, name }: Destination<EmailSettings>, event: Told, to: string[]): SendMailOptions {
  const notice = noticeOf(event);
  const domain = settings.from.split('@')[1] ?? 'localhost';
  // Mail programs put what is of one approval together.
  const thread = event.subject === undefined ? undefined : `<${idPart(event.subject)}@${domain}>`;
  return {
    from: { name: settings.fromName, address: settings.from },
    to: 'undisclosed-recipients:;',
    envelope: { from: settings.from, to },
    subject: notice.title,
    text: plainText(notice),
    html: htmlText(notice),
    date: new Date(event.at),
    // The same with each try, by which mail programs know what they have already.
    messageId: `<${event.id}.${name}@${domain}>`,
    ...(thread === undefined ? {} : { inReplyTo: thread, references: thread }),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', 'X-Fairlead-Event': event.type },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Sends, and says by which status who was refused. Throws a `DeliveryFault` where nobody got it. */
async function send(
  settings: EmailSettings,
  message: SendMailOptions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const { host, port, security, username, password, ca, timeoutSeconds } = settings;
  const { createTransport } = await import('nodemailer'); // who sends no mail needs none of it
  const timeoutMs = timeoutSeconds * 1_000;
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
  });
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new DeliveryFault('it does not answer in time', { retryable: true }));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  const refused = new Map<string, number>();
  try {
    const { rejectedErrors = [] } = await Promise.race([transport.sendMail(message), aborted]);
    for (const { recipient, responseCode } of rejectedErrors) refused.set(String(recipient), responseCode ?? 550);
    return refused;
  } catch (error) {
    throw error instanceof DeliveryFault ? error : faultOf(error);
  } finally {
    signal.removeEventListener('abort', abort);
    transport.close();
  }
}

/** Without the words of the server, which may name addresses. A refused password may be set right meanwhile. */
function faultOf(error: unknown): DeliveryFault {
  const { code, responseCode: status } = (error instanceof Error ? error : {}) as {
    code?: string;
    responseCode?: number;
  };
  if (code === 'EAUTH')
    return new DeliveryFault('it does not take the username and password', { retryable: true, cause: error });
  if (status === undefined)
    return new DeliveryFault(`it cannot be reached (${code ?? 'no connection'})`, { retryable: true, cause: error });
  return new DeliveryFault(saying(status), { retryable: status < 500, status, cause: error });
}

function saying(status: number): string {
  return `it answers ${status}`;
}

function idPart(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 100);
}
