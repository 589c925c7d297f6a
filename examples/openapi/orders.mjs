// A small HTTP API, as a team may have dozens: it knows nothing of MCP. orders.yaml describes it.
import { createServer } from 'node:http';

const { ORDERS_PORT = '7401', ORDERS_TOKEN } = process.env;
const pageSize = 2;
const orders = [
  { id: 1, item: 'coffee', quantity: 3, status: 'done' },
  { id: 2, item: 'milk', quantity: 6, status: 'open' },
  { id: 3, item: 'sugar', quantity: 1, status: 'open' },
  { id: 4, item: 'biscuits', quantity: 2, status: 'open' },
];

const server = createServer(async (request, response) => {
  const answer = (status, body) =>
    response.writeHead(status, body ? { 'content-type': 'application/json' } : {}).end(body && JSON.stringify(body));
  if (request.headers.authorization !== `Bearer ${ORDERS_TOKEN}`) return answer(401, { message: 'wrong token' });
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://orders');
  const id = Number(/^\/orders\/(\d+)$/.exec(pathname)?.[1]);
  const order = orders.find((each) => each.id === id);

  if (pathname === '/orders' && request.method === 'GET') {
    const status = searchParams.get('status');
    const from = Number(searchParams.get('cursor') ?? 0);
    const found = orders.filter((each) => status === null || each.status === status);
    const next = from + pageSize < found.length ? String(from + pageSize) : null;
    return answer(200, { orders: found.slice(from, from + pageSize), next_cursor: next });
  }
  if (pathname === '/orders' && request.method === 'POST') {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const created = { id: orders.length + 1, ...JSON.parse(Buffer.concat(chunks).toString()), status: 'open' };
    orders.push(created);
    return answer(201, created);
  }
  if (!order) return answer(404, { message: 'there is no such order' });
  if (request.method === 'GET') return answer(200, order);
  if (order.status === 'done') return answer(409, { message: 'it has been delivered already' });
  orders.splice(orders.indexOf(order), 1);
  return answer(204);
});
server.listen(Number(ORDERS_PORT), '127.0.0.1', () => console.log('orders are taken'));
