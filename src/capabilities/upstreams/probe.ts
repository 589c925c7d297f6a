import { openConnection } from './connect.ts';
import type { Trouble } from './failures.ts';
import { createScopes } from './flight.ts';
import { patience } from './patience.ts';
import { orAborted } from './relay.ts';
import { answerRedactor, redactingLog, redactor } from './secrets.ts';
import { createSentCredentials } from './sent.ts';
import type { Declaration, Surroundings, UpstreamProbe } from './types.ts';
import { declaredTransport } from './upstream.ts';

const shownRefusals = 200;

/** Connects once, lists and closes: whether an upstream would work. Never rejects. */
export async function probe(
  declaration: Declaration,
  around: Surroundings,
  troubleOf: (error: unknown) => Trouble,
): Promise<UpstreamProbe> {
  const startedAt = performance.now();
  const sent = createSentCredentials({ now: around.now, graceMs: 0 });
  const redact = redactor(declaration.settings, sent.known);
  const { credentials } = around;
  const took = () => Math.round(performance.now() - startedAt);
  const { signal, end } = patience(Math.max(around.timing.connectMs, declaration.settings.startTimeoutMs));
  try {
    const connection = await openConnection({
      declaration,
      memory: {},
      around: {
        ...around,
        log: redactingLog(around.log, redact),
        ...(credentials ? { credentials: sent.watching(credentials) } : {}),
      },
      scopes: createScopes(),
      signal,
      redact,
      events: { listChanged: () => undefined, resourceUpdated: () => undefined },
    });
    try {
      const items = answerRedactor(declaration, sent.known)(await orAborted(connection.list(signal), signal));
      const refused = [...(items.refused ?? []), ...(items.unusable ?? [])].slice(0, shownRefusals);
      return {
        ok: true,
        transport: connection.kind,
        era: connection.protocolVersion,
        tools: items.tools.length,
        prompts: items.prompts.length,
        resources: items.resources.length + items.templates.length,
        ...(refused.length > 0 ? { refused } : {}),
        durationMs: took(),
      };
    } finally {
      await connection.close('tested');
    }
  } catch (error) {
    const transport = declaredTransport(declaration.settings);
    const { reason, detail } = troubleOf(error);
    return { ok: false, transport, reason: detail ?? reason, durationMs: took() };
  } finally {
    end();
  }
}
