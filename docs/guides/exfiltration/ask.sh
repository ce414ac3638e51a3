# What is decided about a read of so many rows by the account: sh ask.sh ROWS

curl -s http://127.0.0.1:7117/v1/decide -H "Authorization: Bearer $(cat store.key)" -H 'Content-Type: application/json' -w '\n' \
  -d "{\"actor\": \"$(cat account)\", \"session\": \"sess-copy\", \"operation\": \"read\", \"rows\": $1}"
