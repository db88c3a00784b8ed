import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Reply } from './http.ts';

/** Sends a complete reply. */
export function sendReply(response: ServerResponse, reply: Reply): void {
  if (typeof reply.body !== 'string') {
    response.writeHead(reply.status, reply.headers);
    // A client that closes the connection early ends the stream with an error, which is ignored.
    Readable.from(reply.body)
      .on('error', () => {})
      .pipe(response);
    return;
  }
  const length = Buffer.byteLength(reply.body);
  response.writeHead(reply.status, {
    ...reply.headers,
    ...(reply.status !== 204 && { 'content-length': length }),
  });
  response.end(reply.body);
}

/** Sends the length of the full body and half of the body, then breaks the connection. */
export function sendTruncated(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(typeof reply.body === 'string' ? reply.body : [...reply.body].join(''));
  if (body.length < 2) {
    breakConnection(response);
    return;
  }
  response.writeHead(reply.status, { ...reply.headers, 'content-length': body.length });
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}

/** Sends a complete response with half of the body, as a proxy with a broken upstream does. */
export function sendMalformed(response: ServerResponse, reply: Reply): void {
  const body = typeof reply.body === 'string' ? reply.body : [...reply.body].join('');
  sendReply(response, { ...reply, body: body.slice(0, Math.floor(body.length / 2)) });
}

/** Resets the connection. The client receives ECONNRESET. */
export function breakConnection(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}
