<?php
// Animates a photo with PHP's curl extension: php animate.php PHOTO OUTPUT
// BASE_URL and API_KEY come from the environment.
[, $photo, $output] = $argv;

$request = curl_init(getenv('BASE_URL') . '/api/image/effects/image-fine-tuning');
curl_setopt_array($request, [
    CURLOPT_POST => true,
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_TIMEOUT => 60,
    CURLOPT_HTTPHEADER => ['ailabapi-api-key: ' . getenv('API_KEY')],
    CURLOPT_POSTFIELDS => ['image' => new CURLFile($photo), 'operation' => '11'],
]);
$answer = json_decode(curl_exec($request), true);

if ($answer['error_code'] !== 0) {
    $detail = $answer['error_detail'];
    fwrite(STDERR, "refused: {$detail['code']}: {$detail['message']}\n");
    exit(1);
}
file_put_contents($output, file_get_contents($answer['data']['url']));
