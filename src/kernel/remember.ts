/** The same function of a text, which is asked for few texts again and again; all is forgotten once there are more than `limit`. */
export function remember<T>(make: (text: string) => T, limit: number): (text: string) => T {
  const known = new Map<string, { value: T }>();
  return (text) => {
    const found = known.get(text);
    if (found) return found.value;
    const value = make(text);
    if (known.size >= limit) known.clear();
    known.set(text, { value });
    return value;
  };
}
