import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { policySettingsFaults } from '../capabilities/policy/index.ts';
import type { Settings } from '../config/schema.ts';
import { ownToolset } from '../gateway/index.ts';
import { asFairleadError } from '../kernel/errors.ts';
import { allowList } from '../platform/http/index.ts';

/**
 * What only the parts that use the settings can say about them. `serve` refuses to start with any of it, and
 * `config check` and `doctor` name it beforehand.
 */
export async function settingsFaults(settings: Settings): Promise<string[]> {
  const { policies, projections, environment, upstreams, allowedHosts } = settings;
  const faults = await policySettingsFaults({ ...policies, projections, environment });
  if (Object.hasOwn(upstreams, ownToolset)) {
    faults.push(`upstreams.${ownToolset}: the name is that of Fairlead's own toolset; take another`);
  }
  for (const host of allowedHosts) {
    if (host.includes('/')) faults.push(`server.allowedHosts: ${host} is no host name; leave scheme and path out`);
  }
  faults.push(...fault('egress.allow', () => allowList(settings.egress.allow)));
  const { tls } = settings;
  if (tls) {
    faults.push(
      ...fault('server.tls', () => {
        const ca = tls.clientCa === undefined ? {} : { ca: readFileSync(tls.clientCa) };
        createSecureContext({ cert: readFileSync(tls.cert), key: readFileSync(tls.key), ...ca });
      }),
    );
  }
  return faults;
}

function fault(place: string, use: () => unknown): string[] {
  try {
    use();
    return [];
  } catch (error) {
    const said = asFairleadError(error);
    const reason = said.spec.category === 'internal' ? 'certificate and key cannot be used together' : said.message;
    return [`${place}: ${reason}`];
  }
}
