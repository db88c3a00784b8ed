/** Returns the tenant claim of a JWT of NICE CXone (RFC 7519 section 3), unverified; undefined if the token has none. */
export function tenantOf(accessToken: string): string | undefined {
  try {
    const payload = accessToken.split('.')[1] ?? '';
    const { tenantId } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof tenantId === 'string' && tenantId !== '' ? tenantId : undefined;
  } catch {
    return undefined;
  }
}
