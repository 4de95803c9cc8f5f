import { Http } from '../../support/http.js';

/** A demo account's token. */
export async function tokenOf(apiUrl: string, login: string): Promise<string> {
  const { body } = await new Http(apiUrl).call<{ accessToken: string }>('POST', '/api/v1/auth/token', {
    login,
    password: 'huicai-demo',
  });
  return body.accessToken;
}

/** Registers a talent to measure with. */
export async function registerTalent(http: Http): Promise<string> {
  const talent = {
    name: '张示例',
    documentType: 'PASSPORT',
    documentNumber: 'E00000001',
    phone: '+8619000000001',
    category: 'M',
    engagement: 'FLEXIBLE',
    employer: '示例企业',
  };
  return (await http.call<{ id: string }>('POST', '/api/v1/talents', talent)).body.id;
}
