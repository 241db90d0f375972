"""Programs for the puppet: what its container does."""

REPORT = "import json; json.dump({report}, open('/output/report.json', 'w'))"
MASK = """
import os, sys
os.makedirs('/output/images/mask')
header = 'NDims = 3\\nBinaryData = True\\nDimSize = 2 2 2\\nElementType = MET_UCHAR\\nElementDataFile = LOCAL\\n'
open('/output/images/mask/mask.mha', 'wb').write(header.encode() + bytes({voxels}))
"""
UNTIL_TOLD = """
import json, os, time
json.dump({}, open('/output/report.json', 'w'))
while not os.path.exists('/tmp/go'):
    time.sleep(0.05)
"""
