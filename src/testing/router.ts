import type { Reply, Route, SimRequest } from './http.ts';

/** Returns the reply of the endpoint for a request, or the reason why no endpoint matches. */
export type Router = (request: SimRequest) => Reply | 'no such path' | 'no such method';

/** Creates a router. Plain paths are looked up, and patterns are tried in order. */
export function createRouter(routes: readonly Route[]): Router {
  const plain = new Map<string, Map<string, Route>>();
  const patterns: Array<{ path: RegExp; route: Route }> = [];
  for (const route of routes) {
    if (typeof route.path !== 'string') {
      patterns.push({ path: route.path, route });
      continue;
    }
    const methods = plain.get(route.path) ?? new Map<string, Route>();
    plain.set(route.path, methods.set(route.method, route));
  }
  return (request) => {
    const methods = plain.get(request.path);
    if (methods) return methods.get(request.method)?.handle(request, []) ?? 'no such method';
    let known = false;
    for (const { path, route } of patterns) {
      const match = path.exec(request.path);
      if (match && route.method === request.method) return route.handle(request, match.slice(1));
      known ||= match !== null;
    }
    return known ? 'no such method' : 'no such path';
  };
}
