// What one pastes to send a first event: by curl, beside a call of an OpenAI-compatible API, from
// the log of an nginx in front of one. Pure; the server's address and the key are handed in.

export type Example = {
  readonly name: string
  readonly what: string
  readonly text: string
}

export const KEY_PLACE = 'YOUR_KEY'
export const MAKE_KEY = 'npx tocsin keys create --name my-api --scope ingest'

export function examplesFor(server: string, key: string): readonly Example[] {
  return [
    {
      name: 'curl',
      what: 'Any program that speaks HTTP sends one JSON object a line.',
      text: [
        `curl -s ${server}/v1/events \\`,
        `  -H 'Authorization: Bearer ${key}' \\`,
        "  -H 'Content-Type: application/x-ndjson' \\",
        // One line for the server, several for the eye: quoted pieces that the shell joins.
        `  -d '{"kind":"ai.invoke","operation":"chat","outcome":"success",'\\`,
        `'"time":"'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'","durationMs":830,'\\`,
        `'"actor":{"type":"human","id":"alice"},"model":{"served":"llama-3-70b"},'\\`,
        `'"endpoint":"POST /v1/chat/completions","usage":{"in":512,"out":64}}'`,
      ].join('\n'),
    },
    {
      name: 'OpenAI-compatible, in Python',
      what: 'Beside a call of any OpenAI-compatible API: vLLM, Ollama, LiteLLM, a gateway.',
      text: [
        'import json, time, urllib.request',
        'from openai import OpenAI',
        '',
        'client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="…")',
        'began = time.time()',
        'answer = client.chat.completions.create(',
        '    model="llama-3-70b", messages=[{"role": "user", "content": "Hello"}])',
        'event = {',
        '    "kind": "ai.invoke", "operation": "chat", "outcome": "success",',
        '    "time": int(began * 1000), "durationMs": int((time.time() - began) * 1000),',
        '    "actor": {"type": "service", "id": "my-api"}, "model": {"served": answer.model},',
        '    "endpoint": "POST /v1/chat/completions",',
        '    "usage": {"in": answer.usage.prompt_tokens, "out": answer.usage.completion_tokens}}',
        'urllib.request.urlopen(urllib.request.Request(',
        `    "${server}/v1/events", json.dumps(event).encode(),`,
        `    {"Authorization": "Bearer ${key}", "Content-Type": "application/x-ndjson"}))`,
      ].join('\n'),
    },
    {
      name: 'OpenAI-compatible, behind nginx',
      what: 'Nothing in the application changes: nginx in front of the model server writes one line a call.',
      text: [
        '# docs/guides/nginx-log-format.conf has the log_format; in the server block:',
        'access_log /var/log/nginx/tocsin.log tocsin;',
        'location /v1/ { proxy_pass http://127.0.0.1:8000; }',
        '',
        '# then start Tocsin with:',
        'npx tocsin serve --follow nginx-json:/var/log/nginx/tocsin.log',
      ].join('\n'),
    },
  ]
}
