// The package has no types of its own: what bench/rest.ts uses of it.
declare module 'autocannon' {
  interface Options {
    url: string;
    method: string;
    connections: number;
    /** Seconds. */
    duration: number;
    headers: Record<string, string>;
    body?: string;
  }
  interface Result {
    /** Milliseconds. */
    latency: { p50: number; p99: number };
    non2xx: number;
    errors: number;
  }
  export default function autocannon(options: Options): Promise<Result>;
}
