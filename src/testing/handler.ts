import type { IncomingMessage, ServerResponse } from 'node:http';
import { breakConnection, sendMalformed, sendReply, sendTruncated } from './answer.ts';
import { cxoneError, faultReply, genesysError, unauthorized, vendorOf } from './errors.ts';
import type { Fault, FaultPlan, FaultRequest } from './faults.ts';
import { json, type Reply, readBody, type SimRequest } from './http.ts';
import { authorizationKind, type RequestLog, type SeenRequest } from './request-log.ts';
import type { Router } from './router.ts';
import { TOKEN_PATHS } from './token-endpoints.ts';
import type { World } from './world.ts';

/** The parts of a simulator that a handler needs. */
export interface HandlerParts {
  world: World;
  plan: FaultPlan;
  log: RequestLog;
  router: Router;
  fileRouter: Router;
  /** Resolves after a number of milliseconds, or never if the simulator closes before. */
  wait(milliseconds: number): Promise<void>;
  isClosed(): boolean;
}

type Endpoint = FaultRequest['endpoint'];

const MAX_BODY = 32 * 1024 * 1024;
const SLOW = 250;

/** Creates the function that handles every request: counts it, applies faults, checks the token and responds. */
export function createHandler(parts: HandlerParts) {
  const { world, plan, log, wait } = parts;
  const { settings, counter, tokens } = world;
  const { counts } = counter;
  let open = 0;
  let received = 0;

  const authorized = (request: SimRequest, seen: SeenRequest): Reply | undefined => {
    const vendor = vendorOf(request.path);
    const token = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const number = token === undefined ? undefined : tokens.check(token, vendor);
    if (number === undefined) return unauthorized(vendor, token !== undefined);
    seen.token = number;
    counts.authorized++;
    return undefined;
  };

  const execute = (request: SimRequest, endpoint: Endpoint, seen: SeenRequest): Reply => {
    if (endpoint === 'file') return serveFile(parts, request, seen);
    const refusal = endpoint === 'api' ? authorized(request, seen) : undefined;
    if (refusal) return refusal;
    const found = parts.router(request);
    if (endpoint === 'api' && counts.authorized % settings.revokeEvery === 0) tokens.revoke();
    return typeof found === 'string' ? notFound(found, request.path, endpoint) : found;
  };

  const send = (response: ServerResponse, reply: Reply, endpoint: Endpoint, seen: SeenRequest) => {
    seen.status = reply.status;
    if (endpoint === 'api' && reply.status === 401) counts.unauthorized++;
    if (endpoint === 'api' && reply.status === 403) counts.forbidden++;
    if (reply.status === 429 || seen.fault === 'throttle') counts.rateLimited++;
    if (reply.status >= 500) counts.serverErrors++;
    if (seen.fault === 'truncated') return sendTruncated(response, reply);
    if (seen.fault === 'malformed') return sendMalformed(response, reply);
    counts.recordsServed += reply.records ?? 0;
    return sendReply(response, reply);
  };

  const respond = async (
    request: SimRequest,
    endpoint: Endpoint,
    response: ServerResponse,
    seen: SeenRequest,
  ) => {
    const fault = plan.next(request.method, request.path, endpoint);
    if (fault?.kind) seen.fault = fault.kind;
    const base = endpoint === 'token' ? settings.tokenDelay : endpoint === 'api' ? settings.pageDelay : 0;
    const delay = base + (fault?.delay ?? (fault?.kind === 'slow' ? SLOW : 0));
    // Executed before the delay: a request takes effect even if the client does not wait for the response.
    const passes = keepsReply(fault);
    const reply = passes || fault?.execute ? execute(request, endpoint, seen) : undefined;
    if (delay > 0) await wait(delay);
    switch (fault?.kind) {
      case 'hang':
        counts.hangs++;
        return;
      case 'reset':
      case 'lost':
        counts.resets++;
        breakConnection(response);
        return;
      case 'slow':
      case 'truncated':
      case 'malformed':
        counts[fault.kind]++;
    }
    send(response, passes && reply ? reply : faultReply(fault ?? {}, request.path, endpoint), endpoint, seen);
  };

  return async (
    message: IncomingMessage,
    response: ServerResponse,
    host: 'main' | 'files',
  ): Promise<void> => {
    const { request, endpoint } = readHead(message, host);
    counts.requests++;
    counter.path(request.path);
    counts.maxConcurrent = Math.max(counts.maxConcurrent, ++open);
    const seen: SeenRequest = {
      number: ++received,
      at: settings.now(),
      method: request.method,
      path: request.path,
      authorization: authorizationKind(request.headers.authorization),
      status: 0,
    };
    response.once('close', () => {
      open--;
      const broken = seen.fault === 'reset' || seen.fault === 'lost' || seen.fault === 'truncated';
      if (!response.writableFinished && !broken && !parts.isClosed()) counts.abandoned++;
    });
    log.add(seen);
    countEndpoint(parts, endpoint, seen);
    try {
      request.body = await readBody(message, MAX_BODY);
    } catch (error) {
      if (error instanceof RangeError) send(response, genesysError(413), endpoint, seen);
      return;
    }
    await respond(request, endpoint, response, seen);
  };
}

function readHead(
  message: IncomingMessage,
  host: 'main' | 'files',
): { request: SimRequest; endpoint: Endpoint } {
  const url = message.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  const request = { method: message.method ?? 'GET', path, query, headers: message.headers, body: '' };
  if (host === 'files') return { request, endpoint: 'file' };
  if (TOKEN_PATHS.has(path)) return { request, endpoint: 'token' };
  return { request, endpoint: path.startsWith('/.well-known/') ? 'discovery' : 'api' };
}

function countEndpoint({ world }: HandlerParts, endpoint: Endpoint, seen: SeenRequest): void {
  const { counts } = world.counter;
  if (endpoint === 'token') counts.tokenRequests++;
  if (endpoint === 'api') counts.apiRequests++;
  if (endpoint === 'discovery') counts.discoveryRequests++;
  if (endpoint !== 'api' && seen.authorization === 'bearer') counts.leakedBearers++;
}

/** Returns whether the request is executed and its own reply sent, possibly late or incomplete. */
function keepsReply(fault: Fault | undefined): boolean {
  if (!fault) return true;
  const { kind, status, body } = fault;
  if (kind === undefined) return status === undefined && body === undefined;
  return kind === 'slow' || kind === 'lost' || kind === 'truncated' || kind === 'malformed';
}

function notFound(reason: 'no such path' | 'no such method', path: string, endpoint: Endpoint): Reply {
  const status = reason === 'no such path' ? 404 : 405;
  if (endpoint !== 'api') return json(status, { error: 'invalid_request', error_description: reason });
  return vendorOf(path) === 'cxone' ? cxoneError(status, reason) : genesysError(status);
}

// A signed URL and a bearer token are two kinds of authorization. File hosts refuse requests with both.
function serveFile(parts: HandlerParts, request: SimRequest, seen: SeenRequest): Reply {
  if (seen.authorization !== 'none') {
    return {
      status: 400,
      headers: { 'content-type': 'application/xml' },
      body: '<Error><Code>InvalidArgument</Code></Error>',
    };
  }
  const found = parts.fileRouter(request);
  return typeof found === 'string' ? { status: 404, body: '' } : found;
}
