/** The name of a tool from an operation id, such as `list_pets` from `listPets`; undefined when nothing of it can be used. */
export function toolName(operationId: string): string | undefined {
  const name = operationId
    .slice(0, 500)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 128);
  return name === '' ? undefined : name;
}

/** The name where there is no operation id: `get_pets_pet_id` from `GET /pets/{petId}`. */
export function nameByPath(method: string, path: string): string {
  return toolName(`${method} ${path}`) ?? method.toLowerCase();
}

/** A name of an argument that all model APIs take: `[A-Za-z0-9_.-]`, at most 64 characters. */
export function argumentName(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_.-]+/g, '_').replace(/^_+|_+$/g, '');
  return (clean || 'value').slice(0, 64);
}

/** A text of the document, trimmed, and cut at a length with a sign of it. */
export function brief(text: unknown, max: number): string | undefined {
  if (typeof text !== 'string') return undefined;
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  return trimmed.length > max ? `${trimmed.slice(0, max - 1).trimEnd()}…` : trimmed;
}
