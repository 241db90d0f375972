import json
import traceback
from http.server import BaseHTTPRequestHandler, HTTPServer

KEPT = {}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200)

    def do_POST(self):
        names = {"status": 201, "kept": KEPT}
        try:
            with open("/input/script.json") as file:
                exec(compile(json.load(file), "script", "exec"), names)
        except Exception:
            traceback.print_exc()
            names["status"] = 500
        self.answer(names["status"])

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


print("serving")
HTTPServer(("0.0.0.0", 4743), Handler).serve_forever()
