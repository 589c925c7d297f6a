import type { Settings } from '../config/schema.ts';
import { isObject } from '../kernel/json.ts';
import { isSecretKey } from '../platform/telemetry/index.ts';

/** Values of the settings that are secret by the names that they stand under: kept out of every line of the log. */
export function secretsIn(settings: Settings): string[] {
  const found = new Set<string>();
  const walk = (value: unknown, isSecret: boolean): void => {
    if (typeof value === 'string') {
      if (!isSecret) return;
      found.add(value);
      found.add(value.replace(/^\w+ /, '')); // `Bearer …`
      const password = URL.canParse(value) ? new URL(value).password : '';
      for (const form of [password, decoded(password)]) found.add(form);
    } else if (Array.isArray(value)) for (const item of value) walk(item, isSecret);
    else if (isObject(value))
      for (const [key, item] of Object.entries(value))
        walk(item, isSecretKey(key) || (isSecret && typeof item === 'string'));
  };
  walk(settings, false);
  return [...found];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
