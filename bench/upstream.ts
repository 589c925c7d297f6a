// The HTTP fixture in a process of its own, so that its work is not counted as anybody else's: `node bench/upstream.ts`.
import { serveHttpFixture } from '../test/fixtures/servers/http.ts';

const { url } = await serveHttpFixture('both');
console.log(url);
