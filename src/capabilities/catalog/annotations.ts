import { isObject } from '../../kernel/json.ts';
import { type Annotations, type ToolDefinition, unknownAnnotations } from '../../kernel/tool.ts';

/** Annotations are claims: believed only when the upstream is trusted; the configuration's word beats both. */
export function believedAnnotations(
  tool: ToolDefinition,
  trust: boolean,
  override: Partial<Annotations> = {},
): Annotations {
  const claims = trust && isObject(tool.annotations) ? tool.annotations : {};
  const flag = (claim: unknown, otherwise: boolean) => (typeof claim === 'boolean' ? claim : otherwise);
  const readOnly = override.readOnly ?? flag(claims.readOnlyHint, unknownAnnotations.readOnly);
  const claimed: Annotations = {
    readOnly,
    // MCP: the destructive and idempotent hints mean something only for tools that are not read-only.
    destructive: readOnly ? false : flag(claims.destructiveHint, unknownAnnotations.destructive),
    idempotent: readOnly ? true : flag(claims.idempotentHint, unknownAnnotations.idempotent),
    openWorld: flag(claims.openWorldHint, unknownAnnotations.openWorld),
  };
  return { ...claimed, ...override };
}
