import { subjectBehind } from '../../kernel/principal.ts';
import type { CredentialsPort } from './types.ts';

/**
 * Credentials that went to one upstream a short while ago. It may repeat them in what it answers, to whoever asks, and
 * they are in no settings that could be looked at for them.
 */
export interface SentCredentials {
  /** As the port, and remembers what it gives. */
  watching(port: CredentialsPort): CredentialsPort;
  /** The texts themselves, without the scheme before them; the same array as long as nothing has changed. */
  known(): readonly string[];
  /** Those of somebody end: they are known until calls that run with them must be over. */
  forget(subject: string): void;
}

/** The last so many: an upstream repeats what it has just been given. */
const most = 256;
const nobody = 'fairlead';

export function createSentCredentials({ now, graceMs }: { now(): number; graceMs: number }): SentCredentials {
  const sent = new Map<string, { subject: string; until: number }>();
  let known: readonly string[] = [];
  let nextEnd = Number.POSITIVE_INFINITY;

  const changed = () => {
    known = [...sent.keys()];
    nextEnd = Math.min(...[...sent.values()].map(({ until }) => until));
  };
  const note = (subject: string, text: string) => {
    const before = sent.get(text);
    sent.delete(text); // what was sent last stands last
    sent.set(text, { subject, until: Number.POSITIVE_INFINITY });
    if (before?.subject === subject && before.until === Number.POSITIVE_INFINITY) return;
    const [oldest] = sent.keys();
    if (sent.size > most && oldest !== undefined) sent.delete(oldest);
    changed();
  };

  return {
    watching: (port) => ({
      ...port,
      authorizerFor(declaration, who) {
        const authorizer = port.authorizerFor(declaration, who);
        if (!authorizer) return undefined;
        const subject = who ? subjectBehind(who) : nobody;
        return {
          async headers(signal) {
            const headers = await authorizer.headers(signal);
            for (const value of Object.values(headers)) note(subject, value.replace(/^\w+ /, ''));
            return headers;
          },
          refused: (refusal, signal) => authorizer.refused(refusal, signal),
        };
      },
    }),
    known() {
      if (nextEnd > now()) return known;
      for (const [text, { until }] of sent) if (until <= now()) sent.delete(text);
      changed();
      return known;
    },
    forget(subject) {
      for (const one of sent.values()) if (one.subject === subject) one.until = Math.min(one.until, now() + graceMs);
      changed();
    },
  };
}
