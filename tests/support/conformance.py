"""What the Python SDK makes of answers; prints one JSON value. Arguments: base URL, key, name of the question."""

import json
import sys

import openai

base, key, question = sys.argv[1:]
client = openai.OpenAI(base_url=base, api_key=key, max_retries=0)
model = "gpt-4o-mini"
tools = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


def user(text):
    return [{"role": "user", "content": text}]


def thrown(call):
    try:
        call()
    except openai.APIError as error:
        return {
            "class": type(error).__name__,
            "code": error.code,
            "status": getattr(error, "status_code", None),
            "request": getattr(error, "request_id", None),
        }
    return None


def text_of(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def plain():
    whole = client.chat.completions.create(model=model, messages=user("Hello"))
    stream = client.chat.completions.create(model=model, messages=user("Hello"), stream=True)
    return {"text": whole.choices[0].message.content, "request": whole._request_id, "streamed": text_of(stream)}


def streamed():
    return text_of(client.chat.completions.create(model=model, messages=user("x"), stream=True))


def errors():
    wrong = openai.OpenAI(base_url=base, api_key="sk-wrong", max_retries=2)
    return [
        thrown(lambda: wrong.chat.completions.create(model=model, messages=user("x"))),
        thrown(lambda: client.chat.completions.create(model="no-such-model", messages=user("x"))),
        thrown(lambda: client.post("/no/such/path", cast_to=object, body={})),
    ]


def accumulated():
    with client.chat.completions.stream(model=model, messages=user("call get_weather"), tools=tools) as stream:
        for _ in stream:
            pass
        message = stream.get_final_completion().choices[0].message
    return [[call.id, call.function.name, call.function.arguments] for call in message.tool_calls]


def broken():
    seen = []

    def read():
        for chunk in client.chat.completions.create(model=model, messages=user("x"), stream=True):
            seen.append(chunk)

    return {"error": thrown(read), "text": text_of(seen)}


def left():
    stream = client.chat.completions.create(model=model, messages=user("x"), stream=True)
    for _ in stream:
        break
    stream.close()
    return "left"


def embeddings():
    asked = client.embeddings.create(model="text-embedding-3-small", input="Hello").data[0].embedding
    floats = client.embeddings.create(model="text-embedding-3-small", input="Hello", encoding_format="float").data[0].embedding
    return {"length": len(asked), "difference": max(abs(a - b) for a, b in zip(asked, floats))}


def responses():
    whole = client.responses.create(model=model, input="Hello")
    with client.responses.stream(model=model, input="Hello") as stream:
        names = [event.type for event in stream]
        final = stream.get_final_response()
    return {"text": whole.output_text, "streamed": final.output_text, "first": names[0], "usage": final.usage.total_tokens}


def raw():
    answer = client.chat.completions.with_raw_response.create(model=model, messages=user("Hello"))
    with client.chat.completions.with_streaming_response.create(model=model, messages=user("Hello"), stream=True) as stream:
        lines = list(stream.iter_lines())
        kind = stream.headers["content-type"]
    return {"request": answer.headers["x-request-id"], "text": answer.parse().choices[0].message.content, "type": kind, "last": [l for l in lines if l][-1]}


print(json.dumps(globals()[question]()))
