import { asList, asObject, type Endpoint, type Inbound, unsupported } from '@llm-proxy-auth/plugin';
import { ANTHROPIC } from '../wire.ts';

/**
 * Servers of tools (MCP) are called by Anthropic's own API. Without them another question would be asked. Throws 400
 * `unsupported_parameter`.
 */
export const refuseServers = ({ body }: Inbound, target: Endpoint | undefined): void => {
  if (target === undefined || (target.dialect === ANTHROPIC && target.profile === undefined)) return;
  if (asList(asObject(body)?.mcp_servers).length > 0)
    throw unsupported('mcp_servers', 'The provider of this call calls no MCP servers, as `mcp_servers` asks for; Anthropic itself does.');
};
