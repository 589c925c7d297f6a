import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { policySettingsFaults } from '../capabilities/policy/index.ts';
import type { LoadOptions } from '../config/index.ts';
import { localModelFaults } from '../platform/models/index.ts';

/**
 * What only the parts that use the settings can say about them. `serve` refuses to start with any of it, and
 * `config check` and `doctor` name it beforehand.
 */
export const settingsFaults: NonNullable<LoadOptions['further']> = async (settings, isSound) => {
  const { policies, projections, environment, tls, models } = settings;
  const faults: string[] = [];
  // Policies speak of the projected arguments: without all of these, any may be said to be at fault.
  const folder = isSound(['policies', 'folder']) && isSound(['projections']) ? policies.folder : undefined;
  faults.push(...(await policySettingsFaults({ ...policies, folder, projections, environment })));
  if (tls && isSound(['server', 'tls'])) {
    try {
      const ca = tls.clientCa === undefined ? {} : { ca: readFileSync(tls.clientCa) };
      createSecureContext({ cert: readFileSync(tls.cert), key: readFileSync(tls.key), ...ca });
    } catch {
      faults.push('server.tls: certificate and key cannot be used together');
    }
  }
  if (isSound(['models'])) faults.push(...localModelFaults(models));
  return faults;
};
